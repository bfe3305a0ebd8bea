export { accountSync } from './account-sync.ts';
export { leadIntake } from './lead-intake.ts';
