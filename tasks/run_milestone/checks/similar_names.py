"""Tells a package name that is nearly another one's: the usual disguise of a hostile package."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

POPULAR: dict[str, str] = {
    "pypi": """
        aiohttp alembic ansible anyio arrow attrs babel beautifulsoup4 black boto boto3 botocore celery certifi
        cffi chardet charset-normalizer click colorama coverage cryptography cython dask datasets django
        djangorestframework docker dulwich fastapi filelock flake8 flask fsspec gevent greenlet grpcio gunicorn
        h5py httpcore httpx huggingface-hub hypothesis idna importlib-metadata ipython isort jinja2 jmespath
        joblib jsonschema jupyter keras kubernetes lxml markdown markupsafe marshmallow matplotlib mypy
        mysqlclient networkx nltk numba numpy oauthlib openai openpyxl orjson packaging pandas paramiko pillow
        pip platformdirs playwright pluggy polars pre-commit protobuf psutil psycopg psycopg2 psycopg2-binary
        pyarrow pyasn1 pycparser pycryptodome pydantic pygments pyjwt pylint pymongo pymysql pyopenssl pyparsing
        pyspark pytest python-dateutil python-dotenv pytorch pytz pyyaml redis regex requests requests-oauthlib
        rich ruff s3transfer scapy scikit-learn scipy seaborn selenium sentry-sdk setuptools simplejson six
        sqlalchemy sqlmodel starlette sympy tabulate tenacity tensorflow tokenizers toml tomli torch tornado tox
        tqdm transformers twine twisted typer typing-extensions tzdata urllib3 uvicorn virtualenv watchdog
        websockets werkzeug wheel wrapt xgboost zipp""",
    "npm": """
        @angular/core @babel/core @types/node ajv angular async autoprefixer axios babel-loader bcrypt bluebird
        body-parser bootstrap chai chalk cheerio chokidar classnames colors commander concurrently connect
        cookie-parser core-js cors cross-env cross-spawn css-loader cypress date-fns dayjs debug dotenv electron
        esbuild eslint express fastify fs-extra glob graphql handlebars helmet husky immer inquirer ioredis jest
        jquery js-yaml jsonwebtoken karma koa less lint-staged lodash lodash-es luxon marked minimist mocha
        moment mongodb mongoose morgan multer mysql mysql2 nanoid next nodemailer nodemon passport playwright
        postcss preact prettier prisma prop-types puppeteer ramda react react-dom react-redux react-router
        react-router-dom redis redux request rimraf rollup rxjs sass sequelize sharp sinon socket.io storybook
        styled-components svelte tailwindcss three ts-node tslib typeorm typescript underscore uuid vite vitest
        webpack webpack-cli winston yargs zod zustand""",
    "cargo": """
        actix-web anyhow async-trait axum base64 bitflags bytes chrono clap crossbeam diesel futures hyper image
        indexmap itertools lazy_static libc log nom num-traits once_cell parking_lot proc-macro2 prost quote
        rand rayon regex reqwest rocket rustls semver serde serde_json serde_yaml sqlx syn tempfile thiserror
        tokio tonic toml tower tracing url uuid warp""",
    "gem": """
        actionpack activerecord activesupport aws-sdk bootsnap bundler capybara devise factory_bot faraday
        jbuilder json minitest nokogiri omniauth pg puma rack rails rake redis rspec rspec-rails rubocop sass
        sidekiq sinatra sprockets sqlite3 turbo-rails webpacker""",
    "composer": """
        doctrine/orm guzzlehttp/guzzle laravel/framework monolog/monolog phpunit/phpunit symfony/console
        symfony/symfony twig/twig""",
}
"""Names that many projects ask for, by ecosystem."""
_SHORTEST = 5
"""Letters. Shorter names are near each other anyway."""


def resembled(ecosystem: str, name: str, known: Iterable[str] = ()) -> str | None:
    """Return the known or popular name that `name` is one slip away from, None where there is none."""
    popular = POPULAR.get(ecosystem, "").split()
    if name in popular or len(name) < _SHORTEST:
        return None
    return next((other for other in (*popular, *sorted(known)) if _is_near(name.lower(), other.lower())), None)


def _is_near(name: str, other: str) -> bool:
    if name == other or len(other) < _SHORTEST - 1:
        return False
    if re.sub(r"[-_.]", "", name) == re.sub(r"[-_.]", "", other):
        return True
    return len(other) >= _SHORTEST - 1 and other[0] == name[0] and _is_one_slip(name, other)


def _is_one_slip(name: str, other: str) -> bool:
    """Tell one letter too many, too few or wrong, and two in the wrong order. A digit at the end is a version."""
    if abs(len(name) - len(other)) > 1:
        return False
    if name.rstrip("0123456789") == other.rstrip("0123456789"):
        return False
    start = next((i for i, (a, b) in enumerate(zip(name, other, strict=False)) if a != b), min(len(name), len(other)))
    a, b = name[start:], other[start:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])
