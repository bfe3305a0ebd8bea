import { defineSignal } from '@temporalio/workflow';
import type { AccountEvent } from '../domain/account-event.ts';

export const accountEventSignal = defineSignal<[AccountEvent]>('accountEvent');
