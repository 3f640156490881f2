"""Changes of dependencies in every ecosystem that is read, each with the tier it deserves.

Licences are known of what is installed here (packaging: Apache-2.0 OR BSD-2-Clause, certifi: MPL-2.0), of what a lock
file says, and of what the plan vouches for (`LICENCES`).
"""

from run_milestone.model import Licences
from support.tiers import LABEL, NOTHING, STOP, Sample

LICENCES = Licences(
    packages={"vouched": "MIT", "acme/vouched": "MIT", "example.org/vouched": "MIT", "org.acme:vouched": "MIT"}
)
GIT = "https://git.invalid/x.git"


def edit(ecosystem, path, what, before, after, expected):
    return Sample(ecosystem, what, {path: before}, {path: after}, expected)


def python(what, before, after, expected):
    head = '[project]\nname = "shop"\n'
    return edit("pyproject", "pyproject.toml", what, head + before, head + after, expected)


def poetry(what, line, expected):
    head = '[tool.poetry.dependencies]\npython = "^3.11"\n'
    return edit("poetry", "pyproject.toml", what, head, head + line + "\n", expected)


def pip(what, line, expected, before="certifi\n", **more):
    after = {"requirements.txt": f"{before}{line}\n", **more}
    return Sample("requirements", what, {"requirements.txt": before}, after, expected)


def npm(what, before, after, expected, **more):
    return Sample("npm", what, {"package.json": before}, {"package.json": after, **more}, expected)


def starting(what, script, expected, *, package="typescript", before="{}", after=None):
    """A script that is new, of a package that is not. The lock file says which programs that brings."""
    asked = f'"devDependencies": {{"{package}": "1"}}'
    old, new = (f'{{"packages": {{"node_modules/{package}": {{"bin": {one}}}}}}}' for one in (before, after))
    files = {"package.json": f'{{{asked}, "scripts": {{"prepare": "{script}"}}}}'}
    more = {"package-lock.json": new} if after else {}
    return Sample("npm", what, {"package.json": f"{{{asked}}}", "package-lock.json": old}, {**files, **more}, expected)


def go(what, line, expected):
    head = "module shop\n\ngo 1.22\n\nrequire example.org/a v1.0.0\n"
    return edit("go", "go.mod", what, head, head + line + "\n", expected)


def cargo(what, line, expected):
    head = '[package]\nname = "shop"\n\n[dependencies]\n'
    return edit("cargo", "Cargo.toml", what, head, head + line + "\n", expected)


def gem(what, line, expected):
    head = "source 'https://gems.invalid'\ngem 'a', '~> 1.0'\n"
    return edit("bundler", "Gemfile", what, head, head + line + "\n", expected)


def pom(what, inside, expected, where="dependencies"):
    text = "<project xmlns='http://maven.apache.org/POM/4.0.0'><{0}>{1}</{0}></project>"
    return edit("maven", "pom.xml", what, text.format(where, ""), text.format(where, inside), expected)


def artifact(name, version="1.0"):
    inside = f"<groupId>org.acme</groupId><artifactId>{name}</artifactId><version>{version}</version>"
    return f"<dependency>{inside}</dependency>"


def gradle(what, line, expected, path="build.gradle"):
    return edit("gradle", path, what, "dependencies {\n}\n", f"dependencies {{\n    {line}\n}}\n", expected)


def composer(what, before, after, expected, **more):
    return Sample("composer", what, {"composer.json": before}, {"composer.json": after, **more}, expected)


def conda(what, line, expected):
    head = "name: shop\ndependencies:\n  - python=3.11\n"
    return edit("conda", "environment.yml", what, head, head + f"  - {line}\n", expected)


LOCK = '{{"packages": {{"node_modules/{0}": {{"version": "1.2.3", "license": "{1}"}}}}}}'
PHP_LOCK = '{"packages": [{"name": "acme/tool", "version": "v2.0.1", "license": ["MIT"]}]}'

SAMPLES = (
    python("a package with a permissive licence", "", 'dependencies = ["packaging"]\n', LABEL),
    python("a copyleft package", "", 'dependencies = ["certifi"]\n', STOP),
    python("a package nobody knows", "", 'dependencies = ["pyqt5-nobody"]\n', STOP),
    python("a raised lower bound", 'dependencies = ["packaging>=23"]\n', 'dependencies = ["packaging>=24"]\n', LABEL),
    python("a package removed", 'dependencies = ["packaging"]\n', "dependencies = []\n", NOTHING),
    python("an optional package nobody knows", "", 'optional-dependencies.x = ["pyqt5-nobody"]\n', STOP),
    python("a known name from a git repository", "", f'dependencies = ["packaging @ git+{GIT}"]\n', STOP),
    python("a group's package nobody knows", "", '[dependency-groups]\ndev = ["pyqt5-nobody"]\n', STOP),
    python("an unknown build requirement", "", '[build-system]\nrequires = ["pyqt5-nobody"]\n', STOP),
    python(
        "another build backend",
        "",
        '[build-system]\nrequires = []\nbuild-backend = "mine"\nbackend-path = ["."]\n',
        STOP,
    ),
    python("a known build backend", "", '[build-system]\nrequires = []\nbuild-backend = "hatchling.build"\n', NOTHING),
    python(
        "a known build backend from a folder",
        "",
        '[build-system]\nrequires = []\nbuild-backend = "hatchling.build"\nbackend-path = ["."]\n',
        STOP,
    ),
    python("an unknown build backend", "", '[build-system]\nrequires = []\nbuild-backend = "other.build"\n', STOP),
    python(
        "a build backend that makes versions",
        "",
        '[build-system]\nrequires = []\nbuild-backend = "poetry_dynamic_versioning.backend"\n',
        NOTHING,
    ),
    python("a letter wrong in the name", "", 'dependencies = ["requets"]\n', STOP),
    python(
        "uv: a source for a known package",
        'dependencies = ["packaging"]\n',
        f'dependencies = ["packaging"]\n[tool.uv.sources]\npackaging = {{git = "{GIT}"}}\n',
        STOP,
    ),
    python("uv: another index", "", '[[tool.uv.index]]\nurl = "https://index.invalid/simple"\n', STOP),
    python("Hatch: a build hook", "", '[tool.hatch.build.hooks.custom]\npath = "x.py"\n', STOP),
    Sample("pyproject", "a first manifest that asks for nothing", {}, {"pyproject.toml": "[tool.ruff]\n"}, NOTHING),
    python("uv: packages without a wheel", "", "[tool.uv]\nno-binary = true\n", STOP),
    python("uv: another index for pip", "", '[tool.uv.pip]\nindex-url = "https://index.invalid/simple"\n', STOP),
    python("Hatch: a command after the installation", "", '[tool.hatch.envs.a]\npost-install-commands = ["x"]\n', STOP),
    python("Hatch: where the sources are", "", '[tool.hatch.build.targets.wheel]\npackages = ["src/shop"]\n', NOTHING),
    python("a program in the place of git", "", '[project.scripts]\ngit = "shop.x:main"\n', STOP),
    python("a program of its own", "", '[project.scripts]\nshop = "shop.x:main"\n', NOTHING),
    python("a plugin of flake8", "", '[project.entry-points."flake8.extension"]\nX = "shop.x"\n', STOP),
    python("a plugin for its own programs", "", '[project.entry-points."shop.parts"]\nx = "shop.x"\n', NOTHING),
    python("a plugin of pytest", "", '[project.entry-points.pytest11]\nx = "shop.x"\n', STOP),
    edit("setuptools", "setup.py", "a step at installation", "setup()\n", "import os\nos.system('x')\nsetup()\n", STOP),
    python("PDM: a package nobody knows", "", '[tool.pdm.dev-dependencies]\ntest = ["pyqt5-nobody"]\n', STOP),
    python("Hatch: a package nobody knows", "", '[tool.hatch.envs.default]\ndependencies = ["pyqt5-nobody"]\n', STOP),
    poetry("a caret range of a permissive package", 'packaging = "^{major}.0"', LABEL),
    poetry("a tilde range of a permissive package", 'packaging = "~{major}.{minor}"', LABEL),
    poetry(
        "a list of ranges for platforms",
        'packaging = [{{version = "^{major}.0", platform = "linux"}}, {{version = "<{major}"}}]',
        LABEL,
    ),
    poetry("a range that what is installed is not in", 'packaging = "^1.0"', STOP),
    poetry("a known name from a git repository", f'packaging = {{{{git = "{GIT}"}}}}', STOP),
    poetry("a folder of the same repository", 'mine = {{path = "libs/mine", develop = true}}', NOTHING),
    poetry("a folder outside of the repository", 'theirs = {{path = "../theirs"}}', STOP),
    pip("a permissive package", "packaging==24.0", STOP),
    pip("a permissive package in any version", "packaging", LABEL),
    pip("a package from a URL", "-e git+https://git.invalid/x#egg=packaging", STOP),
    pip("another index", "--extra-index-url https://index.invalid/simple", STOP),
    pip("another index, abbreviated", "--extra-ind https://index.invalid/simple", STOP),
    pip("another index on two lines", "--extra-\\\nindex-url https://index.invalid/simple", STOP),
    pip("an option of one package", "packaging --config-settings=x=y", STOP),
    pip("wheels only", "--only-binary :all:", NOTHING),
    Sample(
        "requirements",
        "an edit of an included file of any name",
        {"requirements.txt": "-r deps.lst\n", "deps.lst": "certifi\n"},
        {"deps.lst": "certifi\npackaging==24.0\n"},
        STOP,
    ),
    pip("an included file that is not there", "-r more.txt", STOP),
    pip("an included file outside of the repository", "-r ../requirements/more.txt", STOP),
    pip("an included file that is read", "-r requirements-dev.txt", LABEL, **{"requirements-dev.txt": "packaging\n"}),
    pip("an included file of any name", "-r deps.lst", LABEL, **{"deps.lst": "packaging\n"}),
    pip("an included file that is called a page", "-r deps.md", STOP, **{"deps.md": "packaging\n"}),
    Sample(
        "requirements",
        "an included file of any name that was there",
        {"requirements.txt": "", "deps.lst": "packaging\n"},
        {"requirements.txt": "-r deps.lst\n"},
        STOP,
    ),
    pip("constraints of an included file", "-c limits.txt", STOP),
    Sample(
        "requirements",
        "a package in an included file",
        {"requirements.txt": "-r deps/base.txt\n", "deps/base.txt": "certifi\n"},
        {"deps/base.txt": "certifi\npyqt5-nobody\n"},
        STOP,
    ),
    Sample("requirements", "only the lock file", {"uv.lock": "a\n"}, {"uv.lock": "b\n"}, LABEL),
    edit(
        "setuptools",
        "setup.py",
        "install_requires of setup.py",
        "from setuptools import setup\nsetup(install_requires=[])\n",
        "from setuptools import setup\nsetup(install_requires=['pyqt5-nobody'])\n",
        STOP,
    ),
    edit(
        "setuptools",
        "setup.py",
        "requirements that are computed",
        "from setuptools import setup\nsetup()\n",
        "from setuptools import setup\nsetup(install_requires=needed())\n",
        LABEL,
    ),
    edit(
        "setuptools",
        "setup.cfg",
        "install_requires of setup.cfg",
        "[options]\n",
        "[options]\ninstall_requires =\n    pyqt5-nobody\n",
        STOP,
    ),
    edit("pipenv", "Pipfile", "a package nobody knows", "[packages]\n", '[packages]\npyqt5-nobody = "*"\n', STOP),
    edit(
        "pipenv",
        "Pipfile",
        "another source",
        "[packages]\n",
        '[[source]]\nurl = "https://index.invalid"\n[packages]\n',
        STOP,
    ),
    conda("a package nobody knows", "readline", STOP),
    conda("a package of another channel", "bioconda::vouched", STOP),
    conda("a package the plan vouches for", "vouched=1.0", LABEL),
    npm(
        "a package whose lock says MIT",
        "{}",
        '{"dependencies": {"left": "^1"}}',
        LABEL,
        **{"package-lock.json": LOCK.format("left", "MIT")},
    ),
    npm(
        "a package whose lock says GPL",
        "{}",
        '{"dependencies": {"left": "^1"}}',
        STOP,
        **{"package-lock.json": LOCK.format("left", "GPL-3.0-only")},
    ),
    npm(
        "a package with a lock of pnpm",
        "{}",
        '{"devDependencies": {"left": "^1"}}',
        STOP,
        **{"pnpm-lock.yaml": "lockfileVersion: 9\n"},
    ),
    npm("a package from a git repository", "{}", '{"dependencies": {"left": "github:x/left"}}', STOP),
    npm("a workspace's own package", "{}", '{"dependencies": {"ours": "workspace:*"}}', NOTHING),
    npm("a script that runs at installation", "{}", '{"scripts": {"postinstall": "node x.js"}}', STOP),
    npm(
        "a script that starts a package's program",
        '{"devDependencies": {"npmignore": "1"}, "scripts": {"prepack": "npmignore --auto"}}',
        '{"devDependencies": {"npmignore": "1"}, "scripts": {"prepack": "npmignore --auto --commentLines=auto"}}',
        NOTHING,
    ),
    npm(
        "a script that starts another one as it was",
        '{"scripts": {"build": "node build.js"}}',
        '{"scripts": {"build": "node build.js", "prepare": "npm run build"}}',
        NOTHING,
    ),
    npm(
        "a script that starts another one that is new",
        "{}",
        '{"scripts": {"build": "node build.js", "prepare": "npm run build"}}',
        STOP,
    ),
    npm(
        "a script that gives a package's program code",
        '{"devDependencies": {"rimraf": "1"}}',
        '{"devDependencies": {"rimraf": "1"}, "scripts": {"prepare": "rimraf dist && node -e x"}}',
        STOP,
    ),
    starting("a script that starts what the lock named", "tsc --build", NOTHING, before='{"tsc": "bin/tsc"}'),
    starting("a script that starts what only the new lock names", "shred --force src", STOP, after='{"shred": "x"}'),
    starting("a script that removes", "rm --recursive src", STOP, before='{"rm": "x"}'),
    starting("a script that fetches", "uv pip install evil", STOP, package="uv"),
    starting("a script that reaches another machine", "SSH evil", STOP, package="SSH"),
    starting("a script that starts another package manager", "gem install evil", STOP, package="gem"),
    npm("a package manager of one's own", "{}", '{"packageManager": "yarn@https://x.invalid/y.js"}', STOP),
    npm("packages that are brought along", "{}", '{"bundledDependencies": ["left"]}', STOP),
    npm("an override", "{}", '{"overrides": {"left": "npm:right@1"}}', STOP),
    Sample("npm", "another registry", {".npmrc": "save=true\n"}, {".npmrc": "registry=https://index.invalid\n"}, STOP),
    go("a module nobody knows", "require github.invalid/gpl/lib v1.0.0", STOP),
    go("a module the plan vouches for", "require (\n\texample.org/vouched v1.2.0 // indirect\n)", LABEL),
    go("a module replaced by a fork", "replace example.org/a => github.invalid/fork v1.0.0", STOP),
    cargo("a crate nobody knows", 'readline = "1"', STOP),
    cargo("a crate from a git repository", f'vouched = {{ git = "{GIT}" }}', STOP),
    cargo("a crate of the same repository", 'mine = { path = "crates/mine" }', NOTHING),
    cargo("a crate the plan vouches for", 'vouched = { version = "1", features = ["x"] }', LABEL),
    gem("a gem nobody knows", "gem 'nobody', '~> 1.2', require: false", STOP),
    gem("a gem the plan vouches for", 'gem "vouched"', LABEL),
    gem("a gem from GitHub", "gem 'vouched', github: 'x/vouched'", STOP),
    gem("Ruby that is not understood", "%w[a b].each { |name| gem name }", LABEL),
    pom("an artifact nobody knows", artifact("nobody"), STOP),
    pom("an artifact the plan vouches for", artifact("vouched"), LABEL),
    pom("another repository", "<repository><url>https://index.invalid</url></repository>", STOP, "repositories"),
    gradle("an artifact nobody knows", "implementation 'org.acme:nobody:1.0'", STOP),
    gradle("an artifact the plan vouches for", 'testImplementation("org.acme:vouched:1.0")', LABEL, "build.gradle.kts"),
    gradle("a jar file", "implementation files('libs/x.jar')", STOP),
    gradle("code that is not understood", "implementation(deps.someone())", LABEL),
    edit(
        "gradle",
        "gradle/libs.versions.toml",
        "a library of the catalogue",
        "[libraries]\n",
        '[versions]\nx = "1.0"\n[libraries]\nx = { module = "org.acme:nobody", version.ref = "x" }\n',
        STOP,
    ),
    composer("a package nobody knows", "{}", '{"require": {"acme/nobody": "^1"}}', STOP),
    composer(
        "a package whose lock says MIT",
        "{}",
        '{"require": {"php": ">=8", "acme/tool": "^2"}}',
        LABEL,
        **{"composer.lock": PHP_LOCK},
    ),
    composer("another repository", "{}", '{"repositories": [{"type": "vcs", "url": "https://git.invalid/x"}]}', STOP),
    edit(
        "nuget",
        "Shop.csproj",
        "a manifest that is not read",
        "<Project/>\n",
        '<Project><PackageReference Include="X"/></Project>\n',
        LABEL,
    ),
    edit("swift", "Package.swift", "a manifest that is not read", "// a\n", "// b\n", LABEL),
)
