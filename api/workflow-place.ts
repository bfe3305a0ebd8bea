interface WorkflowPlace {
  namespace?: string;
  workflowId?: string;
}

const PLACE = /\/namespaces\/([^/?#]+)(?:\/workflows\/([^/?#]+))?/;
const NAMESPACE = /^[\w.-]{1,200}$/;
/** As ids are made here; whatever else somebody may have typed stays out of the audit log. */
const WORKFLOW_ID = /^[\w/-]{1,200}$/;

const decoded = (part: string | undefined, form: RegExp): string | undefined => {
  try {
    const text = decodeURIComponent(part ?? '');
    return form.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
};

/** Which namespace and workflow an address of the Web UI is about: its pages and its API name them alike. */
export function findWorkflowPlace(address: string): WorkflowPlace {
  const parts = PLACE.exec(address);
  const namespace = decoded(parts?.[1], NAMESPACE);
  const workflowId = decoded(parts?.[2], WORKFLOW_ID);
  return { ...(namespace !== undefined && { namespace }), ...(workflowId !== undefined && { workflowId }) };
}

/** How the audit log names it. */
export const subjectOf = ({ namespace, workflowId }: WorkflowPlace): string =>
  workflowId !== undefined ? `workflow:${workflowId}` : `namespace:${namespace ?? 'unknown'}`;
