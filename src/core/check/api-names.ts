/** The API server's rules for names, labels and the like; each gives what is wrong with a text, or undefined. */

const LABEL = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const LABEL_TEXT = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const KIND = /^[a-z](?:[-a-z0-9]*[a-z0-9])?$/;

const MAX_SUBDOMAIN = 253;
const MAX_LABEL = 63;

/** The name of an object: lower case letters, digits, dashes and dots. */
export function subdomainFault(name: string): string | undefined {
  return SUBDOMAIN.test(name) && name.length <= MAX_SUBDOMAIN
    ? undefined
    : `must be at most ${MAX_SUBDOMAIN} lower case letters, digits, "-" and ".", with a letter or digit at both ends of each part`;
}

/** The name of a namespace. */
export function labelFault(name: string): string | undefined {
  return LABEL.test(name) && name.length <= MAX_LABEL
    ? undefined
    : `must be at most ${MAX_LABEL} lower case letters, digits and "-", with a letter or digit at both ends`;
}

/** The key of a label, an annotation (in lower case) or a finalizer: a name, perhaps with a domain and slash before. */
export function qualifiedNameFault(name: string): string | undefined {
  const parts = name.split("/");
  const [prefix, own = ""] = parts.length > 1 ? parts : [undefined, ...parts];
  const isFit = parts.length <= 2 && LABEL_TEXT.test(own) && own.length <= MAX_LABEL;
  if (isFit && (prefix === undefined || subdomainFault(prefix) === undefined)) return undefined;
  return `must be at most ${MAX_LABEL} letters, digits, "-", "_" and ".", with a domain and a slash before them if need be`;
}

export function labelValueFault(value: string): string | undefined {
  return value === "" || (LABEL_TEXT.test(value) && value.length <= MAX_LABEL)
    ? undefined
    : `must be at most ${MAX_LABEL} letters, digits, "-", "_" and ".", with a letter or digit at both ends`;
}

/** The name of an object inside another one: anything that can be part of a URL path. */
export function pathSegmentFault(name: string): string | undefined {
  return name === "." || name === ".." || /[/%]/.test(name)
    ? 'must not be "." or "..", nor hold "/" or "%"'
    : undefined;
}

export function kindFault(kind: string): string | undefined {
  return KIND.test(kind.toLowerCase()) && kind.length <= MAX_LABEL ? undefined : "must be the name of a kind";
}

/** A group and a version, or only a version. */
export function apiVersionFault(apiVersion: string): string | undefined {
  return apiVersion !== "" && apiVersion.split("/").length <= 2
    ? undefined
    : "must be a version, or a group and a version with a slash between them";
}

/** RFC 3339. */
export function timeFault(time: string): string | undefined {
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.test(time);
  return isTime && !Number.isNaN(Date.parse(time)) ? undefined : "must be a time such as 2026-01-31T12:00:00Z";
}
