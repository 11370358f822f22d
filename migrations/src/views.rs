//! Views follow their tables when other tables take their place.

use sqlx::{Executor as _, PgConnection};

/// Creates each view again that depends on a table of the schema `replaced`, so that it refers to
/// the table of the same name in the schema `served`. Returns how many there were.
///
/// A view refers to a table, not to its name: where a rebuild renames schemas, it would keep
/// showing the old tables. Privileges and comments of the views stay. Views of owners whom the
/// caller may not act for are left alone.
///
/// The statement waits for sessions that are reading such a view, so set `lock_timeout`.
pub async fn move_views(
    connection: &mut PgConnection,
    replaced: &str,
    served: &str,
) -> Result<usize, sqlx::Error> {
    let statements: Vec<String> = sqlx::query_scalar(
        r"SELECT DISTINCT format('CREATE OR REPLACE VIEW %I.%I%s AS %s', n.nspname, v.relname,
                coalesce(' WITH (' || array_to_string(v.reloptions, ', ') || ')', ''),
                regexp_replace(pg_get_viewdef(v.oid), '\m' || $1 || '\.', $2 || '.', 'g'))
          FROM pg_class t
          JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = t.oid
              AND d.classid = 'pg_rewrite'::regclass
          JOIN pg_rewrite r ON r.oid = d.objid
          JOIN pg_class v ON v.oid = r.ev_class AND v.relkind = 'v'
          JOIN pg_namespace n ON n.oid = v.relnamespace
          WHERE t.relnamespace = to_regnamespace($1)
          AND pg_has_role(v.relowner, 'USAGE')
          ORDER BY 1",
    )
    .bind(replaced)
    .bind(served)
    .fetch_all(&mut *connection)
    .await?;
    for statement in &statements {
        connection.execute(statement.as_str()).await?;
    }
    Ok(statements.len())
}
