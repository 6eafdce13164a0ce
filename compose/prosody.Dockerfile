# Prosody for compose.yaml, with one account: romeo@localhost.
FROM debian:12-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends prosody \
 && rm -rf /var/lib/apt/lists/*
COPY prosody.cfg.lua /etc/prosody/prosody.cfg.lua
USER prosody
VOLUME /var/lib/prosody
EXPOSE 5222 5280 5347
CMD ["sh", "-c", "export COMPONENT_SECRET=\"$(cat /secrets/component)\"; prosodyctl register romeo localhost \"$(cat /secrets/romeo)\" && exec prosody -F"]
