export { composedModules, composedPlugins } from './compose.js';
export { main } from './main.js';
