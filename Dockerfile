# syntax=docker/dockerfile:1
# One image for api, worker, migrations and operators' commands; which of them a container is, its command says.
# Temporal's SDK brings native code for glibc, hence Debian and not Alpine.
ARG NODE_IMAGE=node:20.20.2-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm run build

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --no-audit --no-fund

FROM ${NODE_IMAGE}
# Temporal's native client trusts the system's authorities, and the slim image has none.
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
# The version that workers of this build tell Temporal; a build of its own for each change.
ARG BUILD_ID
ENV NODE_ENV=production WORKER_BUILD_ID=${BUILD_ID}
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
# Says that what is built are modules.
COPY package.json ./
# The image's own user `node`, as a number, so that an orchestrator can tell that it is not root.
USER 1000:1000
# API and worker answer /healthz and /readyz, each on its port: who runs them says which to ask.
CMD ["node", "--max-semi-space-size=32", "dist/api/server.js"]
