# One image per service: docker build --target scheduler|generator|mailer|api|mailsink .
# Each holds the libraries of its own extra, its own package and libs/common, and nothing of the other services.

# Libraries ---------------------------------------------------------------------------------------------------
# Installed from pyproject.toml alone, before any code is copied: a change of code reuses these layers.
FROM docker.io/library/python:3.13-slim AS libraries
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
RUN python -m venv --without-pip /venv
WORKDIR /build
COPY pyproject.toml ./
# What pyproject.toml names as the readme has to exist; what stands in it is of no matter here.
RUN touch README.md && pip --python /venv install .

FROM libraries AS scheduler-libraries
RUN pip --python /venv install ".[scheduler]"

FROM libraries AS generator-libraries
RUN pip --python /venv install ".[generator]"

FROM libraries AS mailer-libraries
RUN pip --python /venv install ".[mailer]"

FROM libraries AS api-libraries
RUN pip --python /venv install ".[api]"

FROM libraries AS mailsink-libraries
RUN pip --python /venv install ".[mailsink]"

# What every image runs on --------------------------------------------------------------------------------------
FROM docker.io/library/python:3.13-slim AS runtime
# PYTHONSAFEPATH: the working directory can be written to, so no module is imported from it.
ENV PATH=/venv/bin:$PATH PYTHONPATH=/app PYTHONSAFEPATH=1 PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    PRESSROOM_OPERATIONS_HOST=0.0.0.0
# The ids are fixed so that volumes keep their owner from one image to the next. A fresh volume takes the owner of
# the folder that it covers.
RUN groupadd --gid 10001 pressroom \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/pressroom --shell /usr/sbin/nologin pressroom \
    && install --directory --owner=10001 --group=10001 \
       /var/lib/pressroom /var/lib/pressroom/artifacts /var/lib/pressroom/drop /var/lib/pressroom/letters \
       /var/lib/pressroom/scratch
WORKDIR /var/lib/pressroom
STOPSIGNAL SIGTERM

FROM scratch AS common
COPY deploy/health.py /app/
COPY libs/__init__.py /app/libs/
COPY libs/common /app/libs/common
COPY services/__init__.py /app/services/

# The images ------------------------------------------------------------------------------------------------------
FROM runtime AS scheduler
COPY --from=scheduler-libraries /venv /venv
COPY --from=common /app /app
COPY services/scheduler /app/services/scheduler
USER 10001:10001
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["python", "/app/health.py", "http://127.0.0.1:9101/health/ready"]
CMD ["python", "-m", "services.scheduler"]

FROM runtime AS generator
COPY --from=generator-libraries /venv /venv
COPY --from=common /app /app
COPY services/generator /app/services/generator
USER 10001:10001
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["python", "/app/health.py", "http://127.0.0.1:9102/health/ready"]
CMD ["python", "-m", "services.generator"]

FROM runtime AS mailer
COPY --from=mailer-libraries /venv /venv
COPY --from=common /app /app
COPY services/mailer /app/services/mailer
USER 10001:10001
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["python", "/app/health.py", "http://127.0.0.1:9103/health/ready"]
CMD ["python", "-m", "services.mailer"]

FROM runtime AS api
COPY --from=api-libraries /venv /venv
COPY --from=common /app /app
COPY services/api /app/services/api
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["python", "/app/health.py", "http://127.0.0.1:9104/health/ready"]
CMD ["python", "-m", "services.api"]

# Not a service: a mail server that keeps every letter in a folder instead of delivering it.
FROM runtime AS mailsink
COPY --from=mailsink-libraries /venv /venv
COPY --from=common /app /app
COPY libs/mailsink /app/libs/mailsink
USER 10001:10001
EXPOSE 1025
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["python", "-c", "import smtplib; smtplib.SMTP('127.0.0.1', 1025, timeout=4).quit()"]
CMD ["python", "-m", "libs.mailsink", "--host", "0.0.0.0", "--port", "1025", "--folder", "/var/lib/pressroom/letters"]
