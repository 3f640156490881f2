"""Reads what Java, Kotlin and Ruby projects ask for: pom.xml, Gradle's build files and catalogues, Gemfile."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any

from .package import GEM, MAVEN, Manifest, exact, outside, table

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

# ---- Maven --------------------------------------------------------------------------------------------------------


def from_pom(text: str, _: str = "") -> Manifest:
    """Read pom.xml: dependencies, plugins, the parent, and other repositories. Errors: ValueError."""
    from xml.etree import ElementTree as ET

    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ValueError("it declares a document type")
    manifest = Manifest()
    try:
        root = ET.fromstring(text)  # noqa: S314 - without a document type there are no entities
    except ET.ParseError as error:
        raise ValueError(str(error)) from None
    for element in root.iter():
        element.tag = str(element.tag).rpartition("}")[2]
    properties = {one.tag: (one.text or "").strip() for one in root.iterfind("properties/*")}
    for element in root.iter():
        if element.tag in {"dependency", "plugin", "parent", "extension"}:
            _add_artifact(manifest, element, properties)
        elif element.tag in {"repository", "pluginRepository", "snapshotRepository"}:
            manifest.origins.append(f"{element.tag} {element.findtext('url', '').strip()}")
    return manifest


def _add_artifact(manifest: Manifest, element: Element, properties: dict[str, str]) -> None:
    def resolved(tag: str, default: str = "") -> str:
        text = element.findtext(tag, default).strip()
        return re.sub(r"\$\{([^}]+)\}", lambda match: properties.get(match[1], match[0]), text)

    group = resolved("groupId", "org.apache.maven.plugins" if element.tag == "plugin" else "")
    system = resolved("systemPath")
    version = resolved("version")
    name = f"{group}:{resolved('artifactId')}"
    manifest.add(MAVEN, name, version, exact=exact(version, ""), source=f"path {system}" if system else None)


# ---- Gradle -------------------------------------------------------------------------------------------------------

_COMMENT = re.compile(r"/\*.*?\*/|(?<![:\"'])//[^\n]*", re.DOTALL)
_COORDINATES = re.compile(r"[\"']([\w.-]+):([\w.-]+)(?::([^\"'@]*))?(?:@\w+)?[\"']")
_NAMED = re.compile(
    r"group\s*[:=]\s*[\"']([\w.-]+)[\"'],\s*name\s*[:=]\s*[\"']([\w.-]+)[\"'](?:,\s*version\s*[:=]\s*[\"']([^\"']*)[\"'])?"
)
_PLUGIN = re.compile(r"\bid\s*\(?\s*[\"']([\w.-]+)[\"']\s*\)?(?:\s*version\s*\(?[\"']([^\"']+)[\"'])?")
_URL = re.compile(r"\b(?:url|setUrl|maven|from|uri)\b[\s=(:]*(?:uri\s*\()?[\"']([^\"']+)[\"']")
_UNDERSTOOD = re.compile(
    r"[)}\]]*|.*\{|(?:\w+\s*\(?\s*)?(?:enforcedPlatform|platform|testFixtures)?\s*\(?\s*(?:project\s*\(|projects\.|libs\.|gradleApi|localGroovy).*"
    r"|(?:exclude|transitive|changing|because|version|strictly|prefer|isTransitive|id|alias|val|def)\b.*"
)


def from_gradle(text: str, _: str = "") -> Manifest:
    """Read build.gradle and build.gradle.kts by the forms that people write. The rest of a block is not understood."""
    manifest, bare = Manifest(), _COMMENT.sub("", text)
    for group, name, version in (*_COORDINATES.findall(bare), *_NAMED.findall(bare)):
        manifest.add(MAVEN, f"{group}:{name}", version, exact=exact(version, ""))
    for name, version in _PLUGIN.findall(bare):
        manifest.add(MAVEN, f"plugin {name}", version, exact=exact(version, ""))
    for name, version in re.findall(r"\bkotlin\(\"([\w.-]+)\"(?:,\s*\"([^\"]+)\")?\)", bare):
        manifest.add(MAVEN, f"org.jetbrains.kotlin:kotlin-{name}", version, exact=exact(version, ""))
    manifest.origins += [f"url {url}" for url in _URL.findall(bare)]
    manifest.origins += re.findall(r"\b(?:files|fileTree|flatDir|jcenter|mavenLocal)\s*[({][^\n]*", bare)
    manifest.origins += re.findall(r"\bapply\s*\(?\s*from\s*[:=][^\n]*", bare)
    for block in _blocks(bare, "dependencies"):
        manifest.unread += [line for line in map(str.strip, block.splitlines()) if not _is_understood(line)]
    return manifest


def _is_understood(line: str) -> bool:
    known = _COORDINATES.search(line) or _NAMED.search(line) or re.search(r"\b(?:files|fileTree|kotlin)\s*\(", line)
    return bool(known or _UNDERSTOOD.fullmatch(line))


def _blocks(text: str, name: str) -> list[str]:
    """Return what stands between the braces of each block of that name."""
    blocks = []
    for match in re.finditer(rf"\b{name}\s*\{{", text):
        depth, end = 1, match.end()
        while depth and end < len(text):
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        blocks.append(text[match.end() : end - 1])
    return blocks


def from_catalogue(text: str, _: str = "") -> Manifest:
    """Read Gradle's catalogue of versions."""
    document, manifest = tomllib.loads(text), Manifest()
    versions = table(document, "versions")
    for value in table(document, "libraries").values():
        given = _library(value)
        version = _version(given.get("version"), versions)
        manifest.add(MAVEN, given["name"], version, exact=exact(version, ""))
    for value in table(document, "plugins").values():
        name, _, asked = value.partition(":") if isinstance(value, str) else (str(value.get("id")), "", "")
        version = asked or _version(table({"value": value}, "value").get("version"), versions)
        manifest.add(MAVEN, f"plugin {name}", version, exact=exact(version, ""))
    return manifest


def _library(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        group, name, version = (*value.split(":"), "", "")[:3]
        return {"name": f"{group}:{name}", "version": version}
    module = value.get("module") or f"{value.get('group')}:{value.get('name')}"
    return {"name": module, "version": value.get("version")}


def _version(value: Any, versions: dict[str, Any]) -> str:
    given = table({"value": value}, "value")
    return str(versions.get(given["ref"], "")) if "ref" in given else str(value or "")


# ---- Ruby ---------------------------------------------------------------------------------------------------------

_GEM = re.compile(r"gem[\s(]+[\"']([^\"']+)[\"']((?:\s*,\s*\[?[\"'][^\"']*[\"']\]?)*)(.*)")
_ELSEWHERE = re.compile(r"(git|github|gist|bitbucket|gitlab|source|ref)(?::|\s*=>)\s*[\"']([^\"']+)[\"']")
_RUBY = re.compile(r"(?:ruby|group|end|platforms?|if|unless|else|gemspec|require|install_if)\b.*|[)}\]]")


def from_gemfile(text: str, folder: str = "") -> Manifest:
    """Read a Gemfile's literal lines. Ruby beyond them is not understood."""
    manifest = Manifest()
    bare = re.sub(r",\s*\n\s*", ", ", re.sub(r"(^|\s)#[^{\n]*", r"\1", text))
    for line in filter(None, map(str.strip, bare.splitlines())):
        gem = _GEM.fullmatch(line)
        if gem:
            _add_gem(manifest, gem, folder)
        elif re.match(r"(?:source|git_source|git|plugin|eval_gemfile|path)\b", line):
            manifest.origins.append(line)
        elif not _RUBY.fullmatch(line):
            manifest.unread.append(line)
    return manifest


def _add_gem(manifest: Manifest, gem: re.Match[str], folder: str) -> None:
    asked = ", ".join(re.findall(r"[\"']([^\"']*)[\"']", gem[2]))
    elsewhere = _ELSEWHERE.search(gem[3])
    path = re.search(r"path(?::|\s*=>)\s*[\"']([^\"']+)[\"']", gem[3])
    source = f"{elsewhere[1]} {elsewhere[2]}" if elsewhere else outside(folder, path[1]) if path else None
    if not path or source:
        manifest.add(GEM, gem[1], asked, exact=exact(asked), source=source)
