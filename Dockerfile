# The image of `koreo`: its entry point is the command, so `docker run IMAGE watcher` starts a watcher and
# `docker run IMAGE --help` lists the rest. Nothing in it is written to at run time, and no shell is needed.
#
# Node is the npm package that the lock file pins, the same that every test runs on. Debian's npm only fetches packages.

ARG BASE_IMAGE=debian:bookworm-slim

FROM ${BASE_IMAGE} AS npm
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates npm \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY package.json package-lock.json .npmrc ./

FROM npm AS build
RUN npm ci --ignore-scripts --loglevel=error
COPY LICENSE tsconfig.json ./
COPY test/tooling/build.mjs test/tooling/
COPY charts/koreo/files/crds charts/koreo/files/crds
COPY src src
# Files keep the modes they have in the checkout, and there may be people who keep theirs to themselves (umask 077).
RUN node_modules/node-linux-*/bin/node test/tooling/build.mjs \
 && chmod a+x dist/cli/main.js \
 && chmod -R a+rX LICENSE package.json charts dist

# Apart from the build, so that this layer stays the same until the lock file changes.
FROM npm AS dependencies
# Half of what the packages bring is types and source maps, and all that Node brings but its program is headers and pages:
# nothing reads them at run time. Every package.json and the list of packages stay, for whoever wants to know what is inside.
RUN npm ci --omit=dev --ignore-scripts --loglevel=error \
 && find node_modules -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) -delete \
 && find node_modules/node-linux-* -type f ! -path '*/bin/node' ! -name package.json ! -name LICENSE -delete \
 && find node_modules/node-linux-* -type d -empty -delete \
 && (cd node_modules && ln -s node-linux-* node)

FROM ${BASE_IMAGE}
ENV NODE_ENV=production \
    PATH=/app/node_modules/node/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
# src/processes/shared/crds.ts and src/cli/program.ts look for these two from dist/.
COPY --from=build /app/charts charts
COPY --from=build /app/LICENSE /app/package.json ./
COPY --from=build /app/dist dist
# For scripts, and for `docker exec`.
RUN ln -s /app/dist/cli/main.js /usr/local/bin/koreo
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
