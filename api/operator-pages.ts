import type { Request, Response } from 'express';

const STYLE = 'body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:10vh auto;padding:0 1rem}';

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** Whether a person looks, by a browser: programs ask for anything or for JSON and get problem details. */
export const wantsPage = (req: Request): boolean =>
  req.accepts(['application/problem+json', 'text/html']) === 'text/html';

/** Answers with a small page: what is the matter, what to do, and the command that does it. */
export function sendPage(res: Response, status: number, page: { title: string; text: string; command: string }): void {
  const [title, text, command] = [page.title, page.text, page.command].map(escape);
  res
    .status(status)
    .set({
      'Cache-Control': 'no-store',
      'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
    })
    .type('html')
    .send(
      `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title><style>${STYLE}</style>` +
        `<h1>${title}</h1><p>${text}</p><pre><code>${command}</code></pre></html>\n`,
    );
}
