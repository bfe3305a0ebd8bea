/** A release that cannot do its work: what a workflow throws that is no failure of Temporal's ends its task, not itself. */
export async function contactSync(): Promise<void> {
  throw new TypeError('the code is broken');
}
