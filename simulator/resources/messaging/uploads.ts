import { z } from 'zod';
import { checkLocation } from '../../http/access.ts';
import type { UploadedFile } from '../../http/multipart.ts';
import { ok, refusal, ReplyError } from '../../http/reply.ts';
import type { Call, Route } from '../../http/route.ts';
import { validate } from '../../http/validate.ts';
import { getContact } from '../contact-writes.ts';
import { getCallLocation } from '../lookup.ts';
import { getConversation } from './conversation-writes.ts';

const endings = ['jpg', 'jpeg', 'png', 'mp4', 'mpeg', 'zip', 'rar', 'pdf', 'doc', 'docx', 'txt', 'mp3', 'wav'];
/** The published description has an answer for files that are too large, and no number: this one is a guess. */
const largestFileBytes = 25 * 1024 * 1024;

const files: z.ZodType<UploadedFile[]> = z.array(z.any()).default([]);
const texts = z.union([z.array(z.string()), z.string().transform((one) => [one])]);
/** Published with `attachmentUrls` required beside files; only one of the two makes sense, so either is enough. */
const uploadSchema = z.strictObject({
  conversationId: z.string().min(1),
  contactId: z.string().min(1),
  locationId: z.string().min(1),
  attachmentUrls: texts.optional(),
  chatServiceSid: z.string().optional(),
  isGroupSms: z.string().optional(),
  uploadedFiles: files,
});

/** Takes files for later messages: they come under the key `fileAttachment`, and their addresses go into `attachments`. */
export const uploadRoutes: Route[] = [
  {
    access: 'location',
    scope: 'conversations/message.write',
    method: 'post',
    path: '/conversations/messages/upload',
    handle(call) {
      const { conversationId, contactId, locationId, attachmentUrls, uploadedFiles } = validate(
        uploadSchema,
        call.body,
      );
      getCallLocation(call, locationId);
      checkPlace(call, conversationId, contactId);
      const strange = uploadedFiles.find(({ field }) => field !== 'fileAttachment');
      if (strange) throw refusal(400, `Unexpected field - ${strange.field}`);
      for (const file of uploadedFiles) refuseFile(file);
      if (uploadedFiles.length === 0 && !attachmentUrls?.length) throw uploadRefusal(400);
      const kept = uploadedFiles.map(({ name }) => [name, addressOf(call, locationId, name)]);
      const linked = (attachmentUrls ?? []).map((url) => [url.split('/').at(-1) ?? url, url]);
      return ok({ uploadedFiles: Object.fromEntries([...kept, ...linked]) });
    },
  },
];

function checkPlace(call: Call, conversationId: string, contactId: string): void {
  checkLocation(call, getConversation(call.sim, conversationId).locationId);
  checkLocation(call, getContact(call.sim, contactId).locationId);
}

function refuseFile({ name, sizeBytes }: UploadedFile): void {
  if (!endings.includes(name.split('.').at(-1)?.toLowerCase() ?? '')) throw uploadRefusal(415);
  if (sizeBytes > largestFileBytes) throw uploadRefusal(413);
}

function addressOf(call: Call, locationId: string, name: string): string {
  const folder = `${locationId}/${call.sim.random.id()}`;
  return `https://storage.googleapis.com/msgsndr/${folder}.${name.split('.').at(-1) ?? ''}`;
}

/** These refusals call the status `status` where all others say `statusCode`. */
function uploadRefusal(status: 400 | 413 | 415): ReplyError {
  return new ReplyError({ status, body: { status, message: 'Failed to upload the files' } });
}
