/** Where operators come in, and what is behind it. */
export interface OperatorDoor {
  /** The origin by which browsers reach this API: links lead there, and cookies are `Secure` when it is https. */
  publicUrl: string;
  /** The Temporal namespace whose workflows a sign-in leads to. */
  namespace: string;
  /** The origin of Temporal's Web UI, reached by this process alone; undefined when there is none. */
  webUiUrl: string | undefined;
}

/** The path below which the Web UI is reached here, and below which it must be served itself. */
export const WEB_UI_PATH = '/temporal';
