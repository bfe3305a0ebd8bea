import { type FieldAnswer, type LeadFate, type QueueBacklog, TemporalUnavailableError } from '../../client.ts';
import type { ServiceOptions } from '../../api/service.ts';
import type { LeadStanding } from '../../domain/lead-messages.ts';

type Client = ServiceOptions['client'];

const STANDING: LeadStanding = {
  status: 'assigned',
  locationId: null,
  repId: null,
  assignmentId: null,
  closeReason: null,
  expiresAtMs: null,
};

export interface Handover {
  method:
    | 'startLeadIntake'
    | 'changeLead'
    | 'accountEvent'
    | 'contactChanged'
    | 'contactEdited'
    | 'startContactMerge'
    | 'startAgencyConnect'
    | 'startCredentialRotation'
    | 'startBackfillRun'
    | 'wishBackfill'
    | 'startPollSync'
    | 'startFieldCheck'
    | 'startNotification'
    | 'resetLead';
  leadId?: string;
  kind?: string;
  locationId?: string | null;
  needsReread?: boolean;
  runId?: string;
  record?: string;
}

/** A Temporal that notes what it is given, and can be away, slow or contrary. */
export class FakeClient implements Client {
  handovers: Handover[] = [];
  asked: { method: string; request: unknown; updateId: string }[] = [];
  isAway = false;
  /** How long a call hangs before it fails while Temporal is away. */
  hangMs = 0;
  inFlight = 0;
  mostInFlight = 0;
  /** Thrown by updates, and by starts, when set. */
  updateError: Error | undefined;
  startError: Error | undefined;

  async #note(handover: Handover): Promise<void> {
    this.inFlight += 1;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    try {
      await new Promise((resolve) => setTimeout(resolve, this.isAway ? this.hangMs : 1));
      if (this.isAway) throw new TemporalUnavailableError('away');
      if (this.startError) throw this.startError;
      this.handovers.push(handover);
    } finally {
      this.inFlight -= 1;
    }
  }

  startLeadIntake = ({ leadId, locationId }: Parameters<Client['startLeadIntake']>[0]): Promise<void> =>
    this.#note({ method: 'startLeadIntake', leadId, locationId });
  changeLead = ({ leadId, change }: Parameters<Client['changeLead']>[0]): Promise<void> =>
    this.#note({ method: 'changeLead', leadId, kind: change.kind });
  contactChanged = ({ locationId, changes }: Parameters<Client['contactChanged']>[0]): Promise<void> =>
    this.#note({
      method: 'contactChanged',
      locationId,
      record: changes.map((change) => `${change.resource}/${change.ghlId}`).join(' '),
    });
  contactEdited = ({ locationId, editedContactId }: Parameters<Client['contactEdited']>[0]): Promise<void> =>
    this.#note({ method: 'contactEdited', locationId, record: editedContactId });
  startContactMerge = ({ locationId, mergeId }: Parameters<Client['startContactMerge']>[0]): Promise<void> =>
    this.#note({ method: 'startContactMerge', locationId, record: mergeId });
  accountEvent = ({ locationId, event }: Parameters<Client['accountEvent']>[0]): Promise<void> =>
    this.#note({ method: 'accountEvent', locationId, ...(event.needsReread && { needsReread: true }) });
  startAgencyConnect = (): Promise<void> => this.#note({ method: 'startAgencyConnect' });
  startCredentialRotation = ({ locationId }: { locationId: string | null }): Promise<void> =>
    this.#note({ method: 'startCredentialRotation', locationId });
  startBackfillRun = ({ runId }: Parameters<Client['startBackfillRun']>[0]): Promise<void> =>
    this.#note({ method: 'startBackfillRun', runId });
  startNotification = ({ locationId, noticeId }: Parameters<Client['startNotification']>[0]): Promise<void> =>
    this.#note({ method: 'startNotification', locationId, record: noticeId });
  wishBackfill = ({ wish }: Parameters<Client['wishBackfill']>[0]): Promise<void> =>
    this.#note({ method: 'wishBackfill', kind: wish });
  startPollSync = ({ locationId }: { locationId: string }): Promise<void> =>
    this.#note({ method: 'startPollSync', locationId });
  ensurePollSchedule = (): Promise<void> => Promise.resolve();
  ensureUpkeepSchedule = (): Promise<void> => Promise.resolve();
  /** What became of every lead's workflow that no update found. */
  fate: LeadFate = 'completed';
  resetLead = ({ leadId }: Parameters<Client['resetLead']>[0]): Promise<void> =>
    this.#note({ method: 'resetLead', leadId });
  startFieldCheck = ({ locationId }: Parameters<Client['startFieldCheck']>[0]): Promise<void> =>
    this.#note({ method: 'startFieldCheck', locationId });
  leadFate = (): Promise<LeadFate> => Promise.resolve(this.fate);
  listFailingWorkflows = (): Promise<[]> => Promise.resolve([]);
  listRunningBefore = (): Promise<[]> => Promise.resolve([]);
  describeWorkflow = (): Promise<undefined> => Promise.resolve(undefined);
  listBrokenLeads = (): Promise<[]> => Promise.resolve([]);
  listEndedWorkflows = (): Promise<[]> => Promise.resolve([]);
  /** What a location says of its custom fields. */
  fieldAnswer: FieldAnswer = 'mapped';
  askFields = (): Promise<FieldAnswer> => Promise.resolve(this.fieldAnswer);
  isReachable = (): Promise<boolean> => Promise.resolve(!this.isAway);

  backlogs: QueueBacklog[] = [];
  taskQueueBacklogs = (): Promise<QueueBacklog[]> =>
    this.isAway ? Promise.reject(new TemporalUnavailableError('away')) : Promise.resolve(this.backlogs);

  async #update(method: string, of: { request: unknown; updateId: string }): Promise<LeadStanding> {
    if (this.isAway) throw new TemporalUnavailableError('away');
    if (this.updateError) throw this.updateError;
    this.asked.push({ method, ...of });
    return STANDING;
  }
  reassignLead = ({ request, updateId }: Parameters<Client['reassignLead']>[0]): Promise<LeadStanding> =>
    this.#update('reassignLead', { request, updateId });
  acceptLead = ({ request, updateId }: Parameters<Client['acceptLead']>[0]): Promise<LeadStanding> =>
    this.#update('acceptLead', { request, updateId });
  closeLead = ({ request, updateId }: Parameters<Client['closeLead']>[0]): Promise<LeadStanding> =>
    this.#update('closeLead', { request, updateId });
}
