export { accountSync } from './account-sync.ts';
export { agencyConnect } from './agency-connect.ts';
export { contactSync } from './contact-sync.ts';
export { credentialRotation } from './credential-rotation.ts';
export { leadIntake } from './lead-intake.ts';
export { pollRounds } from './poll-rounds.ts';
export { pollSync } from './poll-sync.ts';
