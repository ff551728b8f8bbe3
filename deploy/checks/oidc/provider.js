// An OpenID provider on loopback: `node provider.js PORT REDIRECT_URI`. It says of everybody that
// they are EMAIL (from the environment), after a login without questions, and prints its issuer
// once it answers.
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

const [port, redirect] = process.argv.slice(2);
// The first line of the standard output is the issuer, and nobody reads another: the package's
// notices go where its warnings go.
console.info = console.warn;
const server = createServer((request, response) => {
  handle(request, response).catch((error) => {
    console.error(error);
    response.writeHead(500).end(String(error));
  });
});
let handle;
server.listen(Number(port), '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${port}`;
  const email = process.env.EMAIL;
  const provider = new Provider(issuer, {
    clients: [{ client_id: 'muster', client_secret: 'hush', redirect_uris: [redirect] }],
    pkce: { required: () => true, methods: ['S256'] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'] },
    conformIdTokenClaims: false,
    cookies: { keys: ['of-a-check'] },
    features: { devInteractions: { enabled: false } },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, email, email_verified: process.env.VERIFIED !== 'no' }) }),
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  });
  const callback = provider.callback();
  // Every interaction is answered at once: somebody signs in and agrees.
  handle = async (request, response) => {
    if (!request.url.startsWith('/interaction/')) return callback(request, response);
    const { prompt, params, session } = await provider.interactionDetails(request, response);
    if (prompt.name === 'login') {
      return provider.interactionFinished(request, response, { login: { accountId: 'ada' } });
    }
    const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
    grant.addOIDCScope('openid email');
    return provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } });
  };
  console.log(issuer);
});
