# The image of `koreo`: its entry point is the command, so `docker run IMAGE watcher` starts a watcher and
# `docker run IMAGE --help` lists the rest. Nothing in it is written to at run time, and no shell is needed.
#
# npm's optional packages stay out everywhere: Node as a package (the base image brings it) and native accelerators.

ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=optional --ignore-scripts
COPY LICENSE tsconfig.json ./
COPY test/tooling/build.mjs test/tooling/
COPY charts/koreo/files/crds charts/koreo/files/crds
COPY src src
# Files keep the modes they have in the checkout, and there may be people who keep theirs to themselves (umask 077).
RUN npm run build && chmod -R a+rX LICENSE package.json charts dist

# Apart from the build, so that this layer stays the same until the lock file changes.
FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Half of what the packages bring is types and source maps, which nothing reads at run time.
RUN npm ci --omit=dev --omit=optional --ignore-scripts \
 && find node_modules -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) -delete

FROM ${NODE_IMAGE}
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
# src/processes/shared/crds.ts and version.ts beside it look for these two from dist/.
COPY --from=build /app/charts charts
COPY --from=build /app/LICENSE /app/package.json ./
COPY --from=build /app/dist dist
# A number, so that Kubernetes can tell that it is not root; any other works too.
USER 1000:1000
# Needs the port in KOREO_PORT; with no port, or with 0 (any free one), there is nothing to ask.
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "const p = Number(process.env.KOREO_PORT); if (p) fetch('http://127.0.0.1:' + p + '/livez').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Absolute, so that it also works with another working directory.
ENTRYPOINT ["node", "/app/dist/cli/main.js"]
CMD ["--help"]
# Last, for a new revision must not build the rest anew.
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="koreo-cluster" \
      org.opencontainers.image.description="Koreo's control loops as a distributed reconcile cluster: watchers, a queue of keys on Redis, workers." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
