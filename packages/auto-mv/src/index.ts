export { autoMvSql } from './sql-module.js';
