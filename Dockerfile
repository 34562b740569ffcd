# One image for the server and for the scheduler and workers of its cluster: they must have the
# same versions of everything. See docs/cluster.md.
FROM python:3.11-slim

WORKDIR /build
COPY deploy/image.lock ./
RUN pip install --no-cache-dir --require-hashes -r image.lock
COPY pyproject.toml README.md LICENSE ./
COPY src ./src
RUN pip install --no-cache-dir --no-deps --no-build-isolation . && rm -r /build/*

RUN useradd --uid 10001 --no-create-home tailrace \
    && install --directory --owner tailrace --mode 700 /var/lib/tailrace
USER 10001
WORKDIR /tmp
ENV TAILRACE_HOME=/var/lib/tailrace TAILRACE_HOST=0.0.0.0
VOLUME /var/lib/tailrace
EXPOSE 8080
CMD ["tailrace", "serve"]
