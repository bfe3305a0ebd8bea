import type { Request, Response } from 'express';

const STYLE = 'body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:10vh auto;padding:0 1rem}';

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

/** Whether a person looks, by a browser: programs ask for anything or for JSON and get problem details. */
export const wantsPage = (req: Request): boolean =>
  req.accepts(['application/problem+json', 'text/html']) === 'text/html';

interface Page {
  title: string;
  text: string;
  /** What to type. */
  command?: string;
  /** Whether a token can be typed in, to sign in by. */
  takesToken?: boolean;
  /** A button that sends the page's own address by POST, and what stands on it. */
  button?: string;
  /** The browser asks for the page again after so long. */
  refreshSeconds?: number;
  /** An address to which the browser goes on by itself, and what stands on the link for one that does not. */
  leadsTo?: { url: string; link: string };
}

const TOKEN_FORM =
  '<form method="post" action="/sign-in"><p><label>Or by a token of yours: ' +
  '<input type="password" name="token" autocomplete="off" required></label> <button>Sign in</button></p></form>';

/** Answers with a small page: what is the matter, what to do, and the command that does it. */
export function sendPage(res: Response, status: number, page: Page): void {
  const [title, text, command = ''] = [page.title, page.text, page.command ?? ''].map(escape);
  const refresh =
    page.refreshSeconds === undefined ? '' : `<meta http-equiv="refresh" content="${page.refreshSeconds}">`;
  const { leadsTo } = page;
  const onward = leadsTo === undefined ? '' : `<meta http-equiv="refresh" content="0;url=${escape(leadsTo.url)}">`;
  const link = leadsTo === undefined ? '' : `<p><a href="${escape(leadsTo.url)}">${escape(leadsTo.link)}</a></p>`;
  const button =
    page.button === undefined ? '' : `<form method="post"><p><button>${escape(page.button)}</button></p></form>`;
  const form = `${button}${page.takesToken === true ? TOKEN_FORM : ''}`;
  const told = command === '' ? '' : `<pre><code>${command}</code></pre>`;
  res
    .status(status)
    .set({
      'Cache-Control': 'no-store',
      'Content-Security-Policy':
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
      'X-Content-Type-Options': 'nosniff',
      // By no-referrer a browser says nothing of the origin of a form either, which is asked for; more than the origin is
      // told nobody, for the address can be a secret.
      'Referrer-Policy': form === '' ? 'no-referrer' : 'origin',
    })
    .type('html')
    .send(
      `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title>${refresh}${onward}<style>${STYLE}</style>` +
        `<h1>${title}</h1><p>${text}</p>${told}${link}${form}</html>\n`,
    );
}
