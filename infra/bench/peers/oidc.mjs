// oidc-provider as the gateway's token endpoint would be: one client, client_credentials, an EdDSA JWT for a resource.
// Environment: CLIENT_ID, CLIENT_SECRET. Says its port on standard output.
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const { CLIENT_ID, CLIENT_SECRET } = process.env;
const key = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
const resource = 'https://gateway.example';
const server = createServer().listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address();
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{
    client_id: CLIENT_ID, client_secret: CLIENT_SECRET, grant_types: ['client_credentials'], redirect_uris: [],
    response_types: [],
    id_token_signed_response_alg: 'EdDSA',
  }],
  jwks: { keys: [{ ...key, use: 'sig', alg: 'EdDSA' }] },
  ttl: { ClientCredentials: 3600 },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => resource,
      getResourceServerInfo: () => ({
        scope: 'authenticate otp', accessTokenFormat: 'jwt', accessTokenTTL: 3600, jwt: { sign: { alg: 'EdDSA' } },
      }),
    },
  },
});
server.on('request', provider.callback());
console.log(port);
