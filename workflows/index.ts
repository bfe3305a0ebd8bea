export { accountSync } from './account-sync.ts';
export { agencyConnect } from './agency-connect.ts';
export { contactSync } from './contact-sync.ts';
export { credentialRotation } from './credential-rotation.ts';
export { leadIntake } from './lead-intake.ts';
