import { Router } from 'express';
import type { Response } from 'express';
import { z } from 'zod';
import { ReplyError } from '../http/reply.ts';
import type { Simulation } from '../simulation.ts';
import type { App } from '../world/records.ts';
import { renderChooser, renderRefusal } from './authorize-page.ts';
import { install } from './installs.ts';

/** The path since May 2026, on GHL's host and on the white-label one alike, and the older path that clients still build. */
const paths = ['/v2/oauth/chooselocation', '/oauth/chooselocation'];

const linkSchema = z.looseObject({
  client_id: z.string().optional(),
  redirect_uri: z.url().optional(),
  response_type: z.string().optional(),
  version_id: z.string().optional(),
  state: z.string().optional(),
});

const flag = z.literal('true').optional();
const choiceSchema = z.strictObject({
  client_id: z.string(),
  redirect_uri: z.url(),
  state: z.string().optional(),
  companyId: z.string(),
  /** One box ticked comes as a text, several as a list. */
  locationId: z
    .union([z.string().transform((one) => [one]), z.array(z.string())])
    .optional()
    .transform((chosen) => chosen ?? []),
  all: flag,
  future: flag,
  /** Pressed instead of the form's own button: the user of this sub-account installs, not the agency's. */
  asLocation: z.string().optional(),
});

/** The page that an install link opens: it lists the locations, installs into the chosen ones and redirects with a code. */
export function createAuthorizeRouter(sim: Simulation): Router {
  const router = Router({ caseSensitive: true });
  router.get(paths, (req, res) => {
    const parsed = linkSchema.safeParse(req.query);
    if (!parsed.success) return refuse(res, 'error.invalidlink');
    const link = parsed.data;
    // Measured: a version alone shows a blank page, a client alone an error.
    if (!link.client_id && link.version_id) return void res.type('html').send('');
    if (!link.version_id && sim.behaviour.authorizeNeedsVersionId) return refuse(res, 'error.noversionid');
    if (link.response_type !== 'code') return refuse(res, 'error.invalidresponsetype');
    const app = sim.world.apps.get(link.client_id ?? '');
    if (!app) return refuse(res, 'error.invalidclient');
    if (!link.redirect_uri || !mayRedirect(app, link.redirect_uri)) return refuse(res, 'error.invalidredirecturi');
    const { redirect_uri, state } = link;
    const chooserLink = { client_id: app.clientId, redirect_uri, state };
    res.type('html').send(renderChooser(app, chooserLink, listAgencies(sim)));
  });
  router.post(paths, (req, res) => {
    const parsed = choiceSchema.safeParse(req.body);
    const app = sim.world.apps.get(parsed.data?.client_id ?? '');
    if (!parsed.success || !app) return refuse(res, 'error.invalidchoice');
    const choice = parsed.data;
    if (!mayRedirect(app, choice.redirect_uri)) return refuse(res, 'error.invalidredirecturi');
    const code = installChoice(sim, app, choice);
    if (code === undefined) return refuse(res, 'error.nolocation');
    const target = new URL(choice.redirect_uri);
    target.searchParams.set('code', code);
    if (choice.state !== undefined && sim.behaviour.echoState) target.searchParams.set('state', choice.state);
    sim.changed = true;
    res.redirect(302, target.href);
  });
  return router;
}

/** Returns the code, or undefined where nothing was chosen that can be installed on. */
function installChoice(sim: Simulation, app: App, choice: z.output<typeof choiceSchema>): string | undefined {
  const { clientId, target } = app;
  const { companyId, locationId: chosen, all, future, asLocation } = choice;
  const everywhere = all !== undefined || target === 'Company';
  if (!asLocation && !everywhere && chosen.length === 0) return undefined;
  const agency = { companyId, installToFutureLocations: future !== undefined };
  const where = asLocation
    ? { locationId: asLocation }
    : { ...agency, ...(everywhere ? {} : { locationIds: [...new Set(chosen)] }) };
  try {
    return install(sim, { clientId, userId: sim.random.id(), ...where }).code;
  } catch (error) {
    if (error instanceof ReplyError) return undefined;
    throw error;
  }
}

function listAgencies({ world }: Simulation): Parameters<typeof renderChooser>[2] {
  return [...world.companies.values()].map((company) => ({
    company,
    locations: [...world.locations.values()].filter((location) => location.companyId === company.id),
  }));
}

function mayRedirect(app: App, uri: string): boolean {
  return !app.redirectUris || app.redirectUris.includes(uri);
}

function refuse(res: Response, code: string): void {
  res.status(400).type('html').send(renderRefusal(code));
}
