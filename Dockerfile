FROM rust:1.95-slim-bookworm AS build
# `temporal` adds the Temporal engine to the image.
ARG FEATURES=
WORKDIR /source
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target,sharing=locked \
    cargo build --release --locked -p orchestrator --features "$FEATURES" && \
    cp target/release/fake-stripe-chaos /fake-stripe-chaos && mkdir /data

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /fake-stripe-chaos /usr/local/bin/fake-stripe-chaos
COPY --from=build --chown=nonroot:nonroot /data /data
ENV HOST=0.0.0.0 DATA_DIR=/data LOG_FORMAT=json
EXPOSE 3001 3002
VOLUME /data
# Of the orchestrator on port 3002; HEALTH_URL=http://127.0.0.1:3001 makes it that of `backends`.
HEALTHCHECK --interval=10s --timeout=3s --start-period=2s CMD ["fake-stripe-chaos", "health"]
ENTRYPOINT ["fake-stripe-chaos"]
CMD ["serve"]
