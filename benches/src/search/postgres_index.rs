//! The full text search of Postgres over the same tokens: `tsvector`, GIN, `ts_rank`, and a table
//! of members.

use anyhow::{Result, bail};
use search::index::{MessageDocument, Sort};
use search::{Atom, Literal, ParsedQuery, Term, TermSequence, Token, tokenize};
use sqlx::postgres::PgPoolOptions;
use sqlx::{Executor, PgPool, QueryBuilder};
use tests::database::WorldDatabase;

use super::messages::MessageSet;
use super::queries::{PAGE_SIZE, SampleQuery};

/// Rows inserted by one statement.
const ROWS_PER_INSERT: usize = 5_000;

/// The largest position that `tsvector` stores.
const MAX_LEXEME_POSITION: usize = 16_383;

/// A table of all messages.
pub struct PostgresIndex {
    pool: PgPool,
    _database: WorldDatabase,
}

impl PostgresIndex {
    /// Creates the tables and the indexes.
    pub async fn build(messages: &MessageSet) -> Result<Self> {
        let database = WorldDatabase::create().await;
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .connect(database.url())
            .await?;
        pool.execute(
            "SET jit TO off; SET work_mem TO '256MB'; SET maintenance_work_mem TO '512MB'; \
             CREATE TABLE message (position bigint PRIMARY KEY, conversation bigint NOT NULL, \
                 sender bigint NOT NULL, sent_at bigint NOT NULL, kind text NOT NULL, words tsvector NOT NULL); \
             CREATE TABLE member (user_id bigint, conversation bigint, PRIMARY KEY (user_id, conversation))",
        )
        .await?;
        for rows in messages.documents.chunks(ROWS_PER_INSERT) {
            let column =
                |of: fn(&MessageDocument) -> i64| -> Vec<i64> { rows.iter().map(of).collect() };
            sqlx::query(
                "INSERT INTO message SELECT p, c, s, t, k, w::tsvector FROM unnest($1::bigint[], \
                 $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::text[]) AS m(p, c, s, t, k, w)",
            )
            .bind(column(|it| it.position as i64))
            .bind(column(|it| it.conversation as i64))
            .bind(column(|it| it.sender as i64))
            .bind(column(|it| it.sent_at))
            .bind(rows.iter().map(|it| it.kind.as_str()).collect::<Vec<_>>())
            .bind(rows.iter().map(|it| to_tsvector(&it.text)).collect::<Vec<_>>())
            .execute(&pool)
            .await?;
        }
        for (user, conversations) in messages.users.iter().enumerate() {
            let conversations: Vec<i64> = conversations.iter().map(|it| *it as i64).collect();
            sqlx::query("INSERT INTO member SELECT $1, c FROM unnest($2::bigint[]) c")
                .bind(user as i64)
                .bind(conversations)
                .execute(&pool)
                .await?;
        }
        pool.execute("CREATE INDEX ON message USING gin (words)")
            .await?;
        pool.execute("CREATE INDEX ON message (conversation, position)")
            .await?;
        pool.execute("VACUUM ANALYZE message").await?;
        pool.execute("VACUUM ANALYZE member").await?;
        Ok(Self {
            pool,
            _database: database,
        })
    }

    /// Searches for the first page of hits and returns their number.
    pub async fn search(&self, query: &SampleQuery) -> Result<usize> {
        let tsquery = to_tsquery(&query.parsed)?;
        let mut sql =
            QueryBuilder::new("SELECT position, ts_rank(words, q) AS rank FROM message, ");
        push_condition(&mut sql, query, &tsquery);
        if query.sort == Sort::Newest {
            sql.push(" ORDER BY position DESC LIMIT ");
        } else {
            sql.push(" ORDER BY rank DESC, position DESC LIMIT ");
        }
        sql.push_bind(PAGE_SIZE as i64);
        Ok(sql.build().fetch_all(&self.pool).await?.len())
    }

    /// The total number of hits, and whether the message from which the query was made is one of
    /// them.
    pub async fn count(&self, query: &SampleQuery) -> Result<(usize, bool)> {
        let tsquery = to_tsquery(&query.parsed)?;
        let mut sql = QueryBuilder::new("SELECT count(*), coalesce(bool_or(position = ");
        sql.push_bind(query.source.position as i64);
        sql.push("), false) FROM message, ");
        push_condition(&mut sql, query, &tsquery);
        let (total, has_source): (i64, bool) = sql.build_query_as().fetch_one(&self.pool).await?;
        Ok((total as usize, has_source))
    }
}

fn push_condition<'a>(
    sql: &mut QueryBuilder<'a, sqlx::Postgres>,
    query: &'a SampleQuery,
    tsquery: &'a str,
) {
    sql.push("CAST(")
        .push_bind(tsquery)
        .push(" AS tsquery) q WHERE words @@ q");
    for atom in query.parsed.atoms() {
        match atom {
            Atom::Type(kind) => {
                sql.push(" AND kind = ").push_bind(kind.as_str());
            }
            Atom::After(day) => {
                let begin = day.midnight().assume_utc().unix_timestamp() * 1_000;
                sql.push(" AND sent_at >= ")
                    .push_bind(begin + 24 * 3_600 * 1_000);
            }
            _ => {}
        }
    }
    sql.push(" AND conversation IN (SELECT conversation FROM member WHERE user_id = ");
    sql.push_bind(query.user as i64).push(")");
}

/// A text as `tsvector`, with our tokens and their positions.
fn to_tsvector(text: &str) -> String {
    let lexeme = |token: Token| {
        let position = (token.position + 1).min(MAX_LEXEME_POSITION);
        format!("{}:{position}", quote(&token.text))
    };
    let lexemes: Vec<String> = tokenize(text).into_iter().map(lexeme).collect();
    lexemes.join(" ")
}

fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

/// The query as `tsquery`.
fn to_tsquery(query: &ParsedQuery) -> Result<String> {
    let mut all = Vec::new();
    for clause in &query.clauses {
        let any: Vec<String> = clause.literals.iter().filter_map(literal_text).collect();
        if !any.is_empty() {
            all.push(format!("({})", any.join(" | ")));
        }
    }
    if all.is_empty() {
        bail!("the query has only filters");
    }
    Ok(all.join(" & "))
}

fn literal_text(literal: &Literal) -> Option<String> {
    let Atom::Text(needle) = &literal.atom else {
        return None;
    };
    let text = phrase_text(needle);
    Some(if literal.is_negated {
        format!("!({text})")
    } else {
        text
    })
}

fn phrase_text(needle: &TermSequence) -> String {
    let mut phrase = String::new();
    let mut previous = 0;
    for (offset, term) in &needle.terms {
        let text = match term {
            Term::Exact(text) => quote(text),
            Term::Prefix(text) => format!("{}:*", quote(text)),
        };
        phrase = if phrase.is_empty() {
            text
        } else {
            format!("{phrase} <{}> {text}", offset - previous)
        };
        previous = *offset;
    }
    match &needle.whole_code {
        Some(whole) => format!("({phrase} | {})", quote(whole)),
        None => phrase,
    }
}
