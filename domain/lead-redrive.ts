/** What an operator types to set a lead going again that has lost its workflow, or whose work was buried. */
export const redriveCommand = ({ agencyId, leadId }: { agencyId: string; leadId: string }): string =>
  `cli leads redrive ${leadId} --agency ${agencyId}`;
