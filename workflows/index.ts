export { accountSync } from './account-sync.ts';
export { agencyConnect } from './agency-connect.ts';
export { backfill } from './backfill.ts';
export { backfillRun } from './backfill-run.ts';
export { contactSync } from './contact-sync.ts';
export { credentialRotation } from './credential-rotation.ts';
export { leadIntake } from './lead-intake.ts';
