export { accountSync } from './account-sync.ts';
export { agencyConnect } from './agency-connect.ts';
export { contactMerge } from './contact-merge.ts';
export { contactSync } from './contact-sync.ts';
export { credentialRotation } from './credential-rotation.ts';
export { fieldMapping } from './field-mapping.ts';
export { leadIntake } from './lead-intake.ts';
