// A real OAuth 2 and OIDC server (oidc-provider) for the tests. It listens on loopback, lets in whoever `login_hint` or the
// form names, and consents without asking. What the tests steer goes over /test/…, beside the protocol.
//
// Prints its address on one line when it is ready. Lifetimes are counted in seconds of real time by the provider itself, so
// that tests that want a token to expire say so: POST /test/expire ends every access token that is alive.
import { createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';

// Fetched into a folder of the project's own by scripts/fetch-oidc.sh.
const { Provider } = await import(pathToFileURL(`${process.env.MODULES}/oidc-provider/lib/index.js`));

// All that the provider keeps, in memory, so that tests can end tokens and count them.
const kept = new Map();
// Every token that was ever given out, and every access token that a mail server has asked about.
const given = new Set();
const used = new Set();
const grantable = new Set(['AccessToken', 'AuthorizationCode', 'RefreshToken', 'DeviceCode', 'BackchannelAuthenticationRequest']);
class Memory {
  constructor(model) { this.model = model; }
  key(id) { return `${this.model}:${id}`; }
  async upsert(id, payload) { if (['AccessToken', 'RefreshToken'].includes(this.model)) given.add(id); kept.set(this.key(id), payload); }
  async find(id) { if (this.model === 'AccessToken') used.add(this.key(id)); return kept.get(this.key(id)); }
  async findByUid(uid) { return [...kept.values()].find((one) => one.uid === uid); }
  async findByUserCode(code) { return [...kept.values()].find((one) => one.userCode === code); }
  async consume(id) { const one = kept.get(this.key(id)); if (one) one.consumed = Math.floor(Date.now() / 1000); }
  async destroy(id) { kept.delete(this.key(id)); }
  async revokeByGrantId(grantId) {
    for (const [key, one] of kept) if (one.grantId === grantId && grantable.has(key.split(':')[0])) kept.delete(key);
  }
}

const counts = { issued: 0, refreshed: 0 };
const lifetime = Number(process.env.TOKEN_SECONDS ?? 3600);
const server = createServer((request, response) => handle(request, response));
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const address = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(address, {
  adapter: Memory,
  clients: [
    {
      client_id: 'mailferry', token_endpoint_auth_method: 'none', application_type: 'native',
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
      response_types: ['code'], redirect_uris: ['http://127.0.0.1', 'http://localhost'],
    },
    {
      client_id: 'app', client_secret: 'app-secret', token_endpoint_auth_method: 'client_secret_post',
      grant_types: ['client_credentials'], response_types: [], redirect_uris: [],
    },
    {
      client_id: 'dovecot', client_secret: 'dovecot-secret', token_endpoint_auth_method: 'client_secret_basic',
      introspection_endpoint_auth_method: 'client_secret_basic', grant_types: [], response_types: [], redirect_uris: [],
    },
  ],
  scopes: ['openid', 'offline_access', 'mail', 'https://outlook.office365.com/.default'],
  findAccount: async (_context, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
  pkce: { required: () => true, methods: ['S256'] },
  features: {
    devInteractions: { enabled: false },
    deviceFlow: { enabled: true },
    introspection: { enabled: true, allowedPolicy: async () => true },
    revocation: { enabled: true },
    clientCredentials: { enabled: true },
  },
  // Every refresh token is good for one time only, which is the hardest case for whoever renews.
  rotateRefreshToken: true,
  issueRefreshToken: async (_context, client) => client.grantTypeAllowed('refresh_token'),
  ttl: { AccessToken: lifetime, ClientCredentials: lifetime, AuthorizationCode: 60, DeviceCode: 600, RefreshToken: 86400 * 14, Grant: 86400 * 14, Session: 600, Interaction: 600, IdToken: 600 },
  interactions: { url: (_context, interaction) => `/test/interaction/${interaction.uid}` },
  cookies: { keys: ['a test'] },
  extraParams: [],
});
provider.on('access_token.saved', () => { counts.issued += 1; });
provider.on('client_credentials.saved', () => { counts.issued += 1; });
provider.on('grant.success', (context) => { if (context.oidc.params.grant_type === 'refresh_token') counts.refreshed += 1; });
const callback = provider.callback();

// Signs in whoever the login hint names, and consents.
async function interact(request, response) {
  const { prompt, params, session } = await provider.interactionDetails(request, response);
  if (params.login_hint === 'nobody@example.org') {
    return provider.interactionFinished(request, response, { error: 'access_denied', error_description: 'no thanks' });
  }
  if (prompt.name === 'login') {
    return provider.interactionFinished(request, response, { login: { accountId: params.login_hint } });
  }
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  return provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } });
}

// Types the code of a device for a user, without a browser.
async function approve(userCode, accountId) {
  const code = await provider.DeviceCode.findByUserCode(userCode.replace(/[^A-Z0-9]/gi, '').toUpperCase(), { ignoreExpiration: true });
  if (!code) return false;
  const grant = new provider.Grant({ accountId, clientId: code.clientId });
  grant.addOIDCScope(code.params.scope);
  Object.assign(code, { grantId: await grant.save(), accountId, scope: code.params.scope, authTime: Math.floor(Date.now() / 1000) });
  await code.save();
  return true;
}

// Every live token of a kind, of one user or of all; or only those that were in use.
function end(kinds, user, isUsed = () => true) {
  let ended = 0;
  for (const [key, one] of kept) {
    if (kinds.includes(key.split(':')[0]) && (!user || one.accountId === user) && isUsed(key)) { kept.delete(key); ended += 1; }
  }
  return ended;
}

const body = async (request) => { let text = ''; for await (const part of request) text += part; return text; };

async function assertion(form, response) {
  const refuse = (error, error_description) => { response.statusCode = 400; return { error, error_description }; };
  const [head, claims, signature] = (form.get('assertion') ?? '').split('.');
  const key = createPublicKey(readFileSync(process.env.SERVICE_KEY));
  if (!verify('RSA-SHA256', Buffer.from(`${head}.${claims}`), key, Buffer.from(signature ?? '', 'base64url'))) {
    return refuse('invalid_grant', 'Invalid JWT Signature.');
  }
  const { iss, sub, aud, iat, exp, scope } = JSON.parse(Buffer.from(claims, 'base64url'));
  const now = Date.now() / 1000;
  if (iat > now + 60 || exp < now || exp - iat > 3600) return refuse('invalid_grant', 'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.');
  if (aud !== `${address}/test/google` || iss !== 'mover@project.iam.gserviceaccount.com' || scope !== 'https://mail.google.com/') return refuse('invalid_grant', 'Invalid JWT');
  if (sub.startsWith('outside')) return refuse('unauthorized_client', 'Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested.');
  const client = await provider.Client.find('mailferry');
  const grant = new provider.Grant({ accountId: sub, clientId: client.clientId });
  const token = new provider.AccessToken({ accountId: sub, client, grantId: await grant.save(), gty: 'jwt', scope: 'mail' });
  counts.issued += 1;
  return { access_token: await token.save(), token_type: 'Bearer', expires_in: lifetime };
}

async function handle(request, response) {
  const url = new URL(request.url, address);
  const say = (value) => { response.setHeader('content-type', 'application/json'); response.end(JSON.stringify(value)); };
  try {
    if (url.pathname.startsWith('/test/interaction/')) return await interact(request, response);
    switch (url.pathname) {
      case '/test/expire': return say({ ended: end(['AccessToken', 'ClientCredentials'], url.searchParams.get('user')) });
      case '/test/expire-used': return say({ ended: end(['AccessToken'], null, (key) => used.has(key)) });
      case '/test/revoke': return say({ ended: end(['AccessToken', 'RefreshToken', 'Grant'], url.searchParams.get('user')) });
      case '/test/approve': return say({ approved: await approve(url.searchParams.get('code'), url.searchParams.get('user')) });
      case '/test/given': return say([...given]);
      case '/test/counts': return say(counts);
      // As Google does it (RFC 7523): a signed assertion of a service account, for a user of the domain.
      case '/test/google': return say(await assertion(new URLSearchParams(await body(request)), response));
      default: return callback(request, response);
    }
  } catch (error) {
    response.statusCode = 500;
    return say({ error: String(error) });
  }
}

console.log(address);
