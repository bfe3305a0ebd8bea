import type { Request, Response } from 'express';

const STYLE = 'body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:10vh auto;padding:0 1rem}';

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** Whether a person looks, by a browser: programs ask for anything or for JSON and get problem details. */
export const wantsPage = (req: Request): boolean =>
  req.accepts(['application/problem+json', 'text/html']) === 'text/html';

interface Page {
  title: string;
  text: string;
  /** What to type. */
  command?: string;
  /** The browser asks for the page again after so long. */
  refreshSeconds?: number;
}

/** Answers with a small page: what is the matter, what to do, and the command that does it. */
export function sendPage(res: Response, status: number, page: Page): void {
  const [title, text, command = ''] = [page.title, page.text, page.command ?? ''].map(escape);
  const refresh =
    page.refreshSeconds === undefined ? '' : `<meta http-equiv="refresh" content="${page.refreshSeconds}">`;
  const told = command === '' ? '' : `<pre><code>${command}</code></pre>`;
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
      `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title>${refresh}<style>${STYLE}</style>` +
        `<h1>${title}</h1><p>${text}</p>${told}</html>\n`,
    );
}
