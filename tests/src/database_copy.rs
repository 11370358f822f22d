//! A copy of a database at an earlier moment, which later takes its place: what running services
//! meet after a failover to a standby that lags, or after a restore.

use eventually::eventually;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Executor as _, PgConnection, PgPool};

/// The copy.
pub struct DatabaseCopy {
    admin: PgConnection,
    original: String,
    copy: String,
}

impl DatabaseCopy {
    /// Copies the database of this pool. Its sessions are terminated, as Postgres requires.
    pub async fn create(pool: &PgPool) -> Self {
        let options = PgConnectOptions::clone(&pool.connect_options());
        let original = options.get_database().expect("a database").to_owned();
        let admin = options.database("postgres").connect().await;
        let mut copy = Self {
            admin: admin.expect("the server is available"),
            copy: format!("{original}_copy"),
            original,
        };
        let create = format!("CREATE DATABASE {} TEMPLATE {}", copy.copy, copy.original);
        copy.run_without_sessions(&[&create]).await;
        copy
    }

    /// Puts the copy in the place of the original: everything that was written since is lost.
    pub async fn take_over(mut self) {
        let Self { original, copy, .. } = &self;
        let statements = [
            format!("ALTER DATABASE {original} RENAME TO {original}_lost"),
            format!("ALTER DATABASE {copy} RENAME TO {original}"),
            format!("DROP DATABASE {original}_lost"),
        ];
        let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
        self.run_without_sessions(&statements).await;
    }

    /// Runs statements on the original while it has no sessions.
    async fn run_without_sessions(&mut self, statements: &[&str]) {
        let (forbid, allow) = (
            format!("ALTER DATABASE {} ALLOW_CONNECTIONS false", self.original),
            format!("ALTER DATABASE {} ALLOW_CONNECTIONS true", self.original),
        );
        self.run(&forbid).await;
        for statement in statements {
            let (admin, original) = (tokio::sync::Mutex::new(&mut self.admin), &self.original);
            eventually("no session is left", async || {
                let admin = &mut **admin.lock().await;
                sqlx::query(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1",
                )
                .bind(original)
                .execute(&mut *admin)
                .await
                .expect("sessions can be terminated");
                admin.execute(*statement).await.ok()
            })
            .await;
        }
        self.run(&allow).await;
    }

    async fn run(&mut self, statement: &str) {
        let done = self.admin.execute(statement).await;
        done.unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
}
