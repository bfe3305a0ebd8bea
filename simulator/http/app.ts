import express from 'express';
import type { ErrorRequestHandler, Express, Router } from 'express';
import { createControlRouter } from '../control/routes.ts';
import { createAuthorizeRouter } from '../oauth/authorize.ts';
import { installedLocationRoutes } from '../oauth/installed-locations.ts';
import { marketplaceRoutes } from '../oauth/marketplace.ts';
import { oauthRoutes } from '../oauth/routes.ts';
import { customFieldRoutes } from '../resources/accounts/custom-fields.ts';
import { customValueRoutes } from '../resources/accounts/custom-values.ts';
import { locationListRoutes } from '../resources/accounts/location-lists.ts';
import { locationTagRoutes } from '../resources/accounts/location-tags.ts';
import { appointmentRoutes } from '../resources/calendars/appointments.ts';
import { calendarRoutes } from '../resources/calendars/calendars.ts';
import { contactBulkRoutes } from '../resources/contact-bulk.ts';
import { contactSearchRoutes } from '../resources/contact-search.ts';
import { contactTagRoutes } from '../resources/contact-tags.ts';
import { contactRoutes } from '../resources/contacts.ts';
import { locationRoutes } from '../resources/locations.ts';
import { conversationRoutes } from '../resources/messaging/conversations.ts';
import { messageListRoutes } from '../resources/messaging/message-lists.ts';
import { messageRoutes } from '../resources/messaging/messages.ts';
import { providerRoutes } from '../resources/messaging/providers.ts';
import { uploadRoutes } from '../resources/messaging/uploads.ts';
import { invoiceRoutes } from '../resources/money/invoices.ts';
import { paymentRoutes } from '../resources/money/payments.ts';
import { noteRoutes } from '../resources/notes.ts';
import { opportunityListRoutes } from '../resources/opportunity-lists.ts';
import { opportunityRoutes } from '../resources/opportunities.ts';
import { saasReadRoutes } from '../resources/saas/saas-reads.ts';
import { saasWriteRoutes } from '../resources/saas/saas.ts';
import { walletRoutes } from '../resources/saas/wallet.ts';
import { snapshotRoutes } from '../resources/snapshots/snapshots.ts';
import { taskRoutes } from '../resources/tasks.ts';
import { userRoutes } from '../resources/users.ts';
import { workflowRoutes } from '../resources/workflows.ts';
import type { Simulation } from '../simulation.ts';
import { wrongClassMessage } from './access.ts';
import { createHandler } from './dispatch.ts';
import { readMultipart } from './multipart.ts';
import { notFound, ReplyError } from './reply.ts';
import type { Route } from './route.ts';

/** Every endpoint; where two patterns match one path, the first wins. */
const routes: Route[] = [
  ...oauthRoutes,
  ...installedLocationRoutes,
  ...marketplaceRoutes,
  ...contactSearchRoutes,
  ...contactBulkRoutes,
  ...contactRoutes,
  ...contactTagRoutes,
  ...noteRoutes,
  ...taskRoutes,
  ...opportunityListRoutes,
  ...opportunityRoutes,
  ...userRoutes,
  ...locationRoutes,
  ...locationTagRoutes,
  ...customFieldRoutes,
  ...customValueRoutes,
  ...locationListRoutes,
  ...snapshotRoutes,
  ...messageListRoutes,
  ...providerRoutes,
  ...uploadRoutes,
  ...messageRoutes,
  ...conversationRoutes,
  ...appointmentRoutes,
  ...calendarRoutes,
  ...paymentRoutes,
  ...invoiceRoutes,
  ...saasReadRoutes,
  ...saasWriteRoutes,
  ...walletRoutes,
  ...workflowRoutes,
];

/** Makes the express application: GHL's paths, and the control API under `/_control`. */
export function createApp(sim: Simulation): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.use((_req, _res, next) => {
    sim.agenda.settle();
    next();
  });
  app.use('/_control', express.json({ limit: '200mb' }), createControlRouter(sim));
  app.use((_req, res, next) => {
    res.set(sim.limits.usualHeaders());
    next();
  });
  app.use(express.json({ limit: '10mb' }), express.urlencoded({ extended: false }), ...readMultipart());

  app.use(createAuthorizeRouter(sim));

  const exact = express.Router({ caseSensitive: true });
  for (const route of routes) register(exact, route, createHandler(sim, route));
  app.use(exact);

  // A path in the wrong case is refused by GHL's access rules and does not read as an unknown route.
  const anyCase = express.Router({ caseSensitive: false });
  for (const route of routes) {
    register(anyCase, route, (_req, res) => {
      res.status(401).json({ statusCode: 401, message: wrongClassMessage, traceId: sim.random.uuid('trace') });
    });
  }
  app.use(anyCase);

  app.use((req, res) => {
    const { status, body } = notFound(req.method, req.path).reply;
    res.status(status).json({ ...body, traceId: sim.random.uuid('trace') });
  });
  app.use(answerError(sim));
  return app;
}

function register(router: Router, route: Route, handler: express.RequestHandler): void {
  router[route.method](route.path, handler);
}

/** Body parser errors carry their status; anything else is a fault of the simulator and answered 500. */
function answerError(sim: Simulation): ErrorRequestHandler {
  return (error: unknown, _req, res, next) => {
    if (res.headersSent) {
      next(error);
      return;
    }
    const traceId = sim.random.uuid('trace');
    if (error instanceof ReplyError) {
      res.status(error.reply.status).json({ ...error.reply.body, traceId });
      return;
    }
    const known = typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined;
    const status = typeof known === 'number' ? known : 500;
    const message = status === 500 ? 'Internal server error' : 'Bad Request';
    if (status === 500) process.stderr.write(`simulator fault: ${error instanceof Error ? error.stack : 'unknown'}\n`);
    res.status(status).json({ statusCode: status, message, traceId });
  };
}
