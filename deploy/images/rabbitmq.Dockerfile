# A stand-in for `rabbitmq:4-management` from Debian's packages; see `build`.
ARG BASE=debian:trixie-slim
FROM $BASE
# Installing starts no service here: there is no init to start it with.
RUN printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d \
    && apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends rabbitmq-server \
    && rm -rf /var/lib/apt/lists/* /var/lib/rabbitmq/.erlang.cookie /var/lib/rabbitmq/mnesia \
    && echo '[rabbitmq_management].' > /etc/rabbitmq/enabled_plugins \
    && mkdir -p /etc/rabbitmq/conf.d \
    && printf 'log.console = true\nlog.file = false\n' > /etc/rabbitmq/conf.d/10-console.conf
# The script's own folder goes first: Debian's wrapper in /usr/sbin is made for a system service.
ENV PATH=/usr/lib/rabbitmq/bin:$PATH LANG=C.UTF-8 HOME=/var/lib/rabbitmq
COPY rabbitmq-entrypoint /usr/local/bin/docker-entrypoint.sh
VOLUME /var/lib/rabbitmq
EXPOSE 4369 5671 5672 15671 15672 25672
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["rabbitmq-server"]
