import { defineSignal } from '@temporalio/workflow';
import type { ContactChange } from '../domain/contact-change.ts';

export const contactChangedSignal = defineSignal<[ContactChange | ContactChange[]]>('contactChanged');

/** Of which contact, by our id, there are changes to write to GHL. */
export interface EditedContact {
  contactId: string;
}
export const contactEditedSignal = defineSignal<[EditedContact]>('contactEdited');
