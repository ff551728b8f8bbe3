# A clean Debian with systemd, into which the packages are installed.
ARG BASE=debian:trixie-slim
FROM $BASE
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends systemd systemd-sysv adduser ca-certificates tzdata \
    && rm -rf /var/lib/apt/lists/*
STOPSIGNAL SIGRTMIN+3
# Mounts that systemd makes for a unit have to be seen by others. Legacy control groups are taken
# where the machine has no others.
CMD ["sh", "-c", "mount --make-rshared / && exec /sbin/init SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1"]
