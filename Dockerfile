# The gateway as an image: npm run image, or docker build -t stanzawire .
# Run it read-only, without capabilities: docker run --read-only --cap-drop ALL --tmpfs /tmp
#   -v ./stanzawire.yaml:/etc/stanzawire/stanzawire.yaml:ro -v stanzawire:/var/lib/stanzawire stanzawire

ARG NODE_IMAGE=node:24-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src src
COPY scripts scripts
COPY demo demo
RUN npm run build && chmod 755 dist/main.js

# What runs needs no compiler, and no second Node.
FROM ${NODE_IMAGE} AS dependencies
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

FROM ${NODE_IMAGE}
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="Stanzawire" \
      org.opencontainers.image.description="JSON over WebSocket for the users of an XMPP server" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}"
ENV NODE_ENV=production
# Nothing is installed in a container: whoever gets in shall not find the tools for it.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /opt/yarn-* \
      /usr/local/bin/yarn /usr/local/bin/yarnpkg \
 && ln -s /app/dist/main.js /usr/local/bin/stanzawire \
 && install -d -o 65532 -g 65532 -m 700 /var/lib/stanzawire
WORKDIR /app
COPY --from=dependencies /build/node_modules node_modules
COPY --from=build /build/dist dist
COPY package.json LICENSE ./
# A number, so that Kubernetes can see that it is not root. The files above belong to root and cannot be changed.
USER 65532:65532
# store.url is relative to it.
WORKDIR /var/lib/stanzawire
VOLUME /var/lib/stanzawire
EXPOSE 8080 9090
# The link is not asked for: an XMPP server that restarts is no reason to restart the gateway.
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --retries=6 CMD ["node", "-e", \
  "fetch(`http://127.0.0.1:${process.env.STANZAWIRE_HTTP_INTERNAL_PORT || 9090}/livez`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/dist/main.js"]
CMD ["--config", "/etc/stanzawire/stanzawire.yaml"]
