import express from 'express';
import type { RequestHandler } from 'express';

const longestBody = '50mb';

/** A file of a form, of which only what it is called and how large it is are kept. */
export interface UploadedFile {
  field: string;
  name: string;
  type: string;
  sizeBytes: number;
}

/** Reads a form with files: its texts become the body (a repeated one a list), its files the list `uploadedFiles`. */
export function readMultipart(): RequestHandler[] {
  const type = 'multipart/form-data';
  return [
    express.raw({ type, limit: longestBody }),
    (req, _res, next) => {
      if (!req.is(type) || !Buffer.isBuffer(req.body)) {
        next();
        return;
      }
      const form = new Response(new Uint8Array(req.body), {
        headers: { 'content-type': req.header('content-type') ?? type },
      });
      form.formData().then(
        (data) => {
          req.body = bodyOf(data);
          next();
        },
        () => next(Object.assign(new Error('unreadable form'), { status: 400 })),
      );
    },
  ];
}

function bodyOf(data: FormData): Record<string, unknown> {
  const uploadedFiles: UploadedFile[] = [];
  const texts: Record<string, unknown> = {};
  for (const name of new Set(data.keys())) {
    const values = data.getAll(name).flatMap((value) => {
      if (typeof value === 'string') return [value];
      uploadedFiles.push({ field: name, name: value.name, type: value.type, sizeBytes: value.size });
      return [];
    });
    if (values.length > 0) texts[name] = values.length === 1 ? values[0] : values;
  }
  return { ...texts, uploadedFiles };
}
