# Vigie in a container: the front end, the one binary with it inside, and a small runtime. The database is another
# container (docker-compose.yml) or server: DATABASE_URL.

FROM node:20-bookworm-slim AS front
WORKDIR /src/frontend
COPY frontend/package.json frontend/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY frontend/ ./
RUN npm run build

FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
COPY --from=front /src/frontend/dist ./frontend/dist
RUN go build -buildvcs=false -trimpath -ldflags=-s -o /vigie ./cmd/vigie

FROM debian:bookworm-slim
# curl answers the health check; the clients are for vigie db backup and restore.
RUN apt-get update \
	&& apt-get install -y --no-install-recommends ca-certificates curl postgresql-client tzdata \
	&& rm -rf /var/lib/apt/lists/* \
	&& useradd --system --uid 10001 --home-dir /var/lib/vigie --create-home vigie
COPY --from=build /vigie /usr/local/bin/vigie
COPY LICENSE /usr/share/doc/vigie/LICENSE
USER vigie
WORKDIR /var/lib/vigie
ENV VIGIE_LISTEN=0.0.0.0:8080
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s CMD ["curl", "-fsS", "-o", "/dev/null", "http://127.0.0.1:8080/healthz"]
ENTRYPOINT ["vigie"]
CMD ["up"]
