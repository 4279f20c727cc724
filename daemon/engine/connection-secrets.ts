import type { Connection, HttpAuth } from '../../schemas/workflow/connections/connection.ts';
import { fillSecrets, renderTemplate, type Template } from '../../schemas/workflow/template.ts';
import type { ConnectionFile, ResolvedConnection } from '../actions/action.ts';

/** Everything of a connection that may hold secrets. */
export function templatesOf(connection: Connection): readonly Template[] {
  switch (connection.type) {
    case 'smtp':
      return connection.password === undefined ? [] : [connection.password];
    case 'http': {
      const found = Object.values(connection.headers);
      if (connection.auth !== undefined) {
        fillAuth(connection.auth, (template) => {
          found.push(template);
          return '';
        });
      }
      return found;
    }
    case 'postgres':
      return [connection.url];
    case 'sqlite':
      return [];
  }
}

/** With its secrets filled in. `secret`: the value of one, or throws. */
export function resolveConnection(declared: Connection, { projectFolder, machine }: { readonly projectFolder: string; readonly machine?: string | undefined }, secret: (name: string) => string): ResolvedConnection {
  const textOf = (template: Template): string => {
    const rendered = renderTemplate(template, {});
    if (!rendered.ok) throw new Error(rendered.error.message);
    const filled = fillSecrets(rendered.rendered, (part) => {
      if ('signal' in part) throw new Error(`a connection holds a link to answer ${part.signal}`);
      return secret(part.secret);
    });
    return typeof filled === 'string' ? filled : JSON.stringify(filled);
  };
  const fileOf = (path: string): ConnectionFile => ({ folder: projectFolder, path, ...(machine === undefined ? {} : { machine }) });
  switch (declared.type) {
    case 'smtp': {
      const { password, ca, ...rest } = declared;
      return { ...rest, ...(ca === undefined ? {} : { ca: fileOf(ca) }), ...(password === undefined ? {} : { password: textOf(password) }) };
    }
    case 'postgres': {
      const { name, type, url, ca, pool } = declared;
      return { name, type, url: textOf(url), pool, ...(ca === undefined ? {} : { ca: fileOf(ca) }) };
    }
    case 'sqlite':
      return { name: declared.name, type: declared.type, file: fileOf(declared.file) };
    case 'http': {
      const { name, type, url, headers, auth } = declared;
      const filled = Object.fromEntries(Object.entries(headers).map(([header, value]) => [header, textOf(value)]));
      return { name, type, url, headers: filled, ...(auth === undefined ? {} : { auth: fillAuth(auth, textOf) }) };
    }
  }
}

/** What calls prove themselves with, its secrets filled in. */
function fillAuth(auth: HttpAuth<Template>, fill: (template: Template) => string): HttpAuth<string> {
  switch (auth.type) {
    case 'bearer':
      return { ...auth, token: fill(auth.token) };
    case 'basic':
      return { ...auth, user: fill(auth.user), password: fill(auth.password) };
    case 'header':
    case 'query':
      return { ...auth, value: fill(auth.value) };
    case 'oauth2': {
      const { clientSecret, refreshToken, ...rest } = auth;
      return {
        ...rest,
        clientId: fill(auth.clientId),
        ...(clientSecret === undefined ? {} : { clientSecret: fill(clientSecret) }),
        ...(refreshToken === undefined ? {} : { refreshToken: fill(refreshToken) }),
      };
    }
    case 'google-service-account':
      return { ...auth, key: fill(auth.key) };
    case 'aws-sigv4': {
      const { sessionToken, ...rest } = auth;
      return { ...rest, keyId: fill(auth.keyId), secretKey: fill(auth.secretKey), ...(sessionToken === undefined ? {} : { sessionToken: fill(sessionToken) }) };
    }
  }
}
