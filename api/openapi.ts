/** The head of the OpenAPI document; paths come from the routes and the schemas that validate them. */
import type { SwaggerOptions } from '@fastify/swagger';

/** Version of the HTTP contract. */
export const API_VERSION = '1.0.0';

export const OPENAPI_HEAD: SwaggerOptions = {
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'Weir',
      version: API_VERSION,
      description:
        'A real-time decision engine for payment streams. Money is an integer in minor units of its currency; times are RFC 3339 in UTC; every error is problem+json with a stable code.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    tags: [
      { name: 'events', description: 'Events in' },
      { name: 'decisions', description: 'Decisions and why they were taken' },
      { name: 'kpis', description: 'Live and historical figures' },
      { name: 'rules', description: 'Rules that are active' },
      { name: 'alerts', description: 'What needs a person' },
      { name: 'customers', description: 'The single view of a customer' },
      { name: 'places', description: 'Places nearby and their offers' },
      { name: 'operations', description: 'Health, metrics and refused input' },
      { name: 'demo', description: 'Sign-in of the demo world; absent in production' },
    ],
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
  },
  refResolver: {
    buildLocalReference: (schema, _base, _fragment, index) =>
      typeof schema.$id === 'string' ? schema.$id : `schema-${index}`,
  },
};
