export { http } from './http.js';
export { defaultEndpointOptions, type HttpEndpoint, type HttpMethod, type HttpOptions } from './options.js';
