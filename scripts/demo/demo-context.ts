import type { Surroundings } from '../stack/application.ts';
import type { Log } from '../stack/progress.ts';
import type { Secrets } from '../stack/secrets.ts';

/** What the demonstration may use: the running stack, by its addresses. */
export interface DemoContext extends Surroundings {
  apiUrl: string;
  /** Connects as the owner of the schema, to seed the demonstration's agency. */
  ownerUrl: string;
  namespace: string;
  secrets: Secrets;
  dataDir: string;
  /** A fresh agency and exact checks, also when the sample is there already. */
  once: boolean;
  log: Log;
}
