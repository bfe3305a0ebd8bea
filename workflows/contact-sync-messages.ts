import { defineSignal } from '@temporalio/workflow';
import type { ContactChange } from '../domain/contact-change.ts';

export const contactChangedSignal = defineSignal<[ContactChange]>('contactChanged');
