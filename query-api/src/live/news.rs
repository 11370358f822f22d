//! What the projector's bell has told since the hub last asked: whom the entries after some position
//! concern. It saves asking for everybody who is connected, and nothing else rests on it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use event_log::bell::{Bell, Touched};
use tokio::sync::Notify;

/// From the task that hears the bell to the hub. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct News(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    heard: Mutex<Option<Bell>>,
    rung: Notify,
}

impl News {
    /// The bell was rung.
    pub fn heard(&self, bell: Bell) {
        let mut heard = self.lock();
        *heard = Some(match heard.take() {
            Some(before) => together(before, bell),
            None => bell,
        });
        drop(heard);
        self.0.rung.notify_one();
    }

    /// Not all of what was told has been used.
    pub fn put_back(&self, rest: Bell) {
        let mut heard = self.lock();
        *heard = Some(match heard.take() {
            Some(since) => together(rest, since),
            None => rest,
        });
        drop(heard);
        self.0.rung.notify_one();
    }

    /// Waits for the bell. Has heard it if it was rung since the last wait.
    pub async fn rung(&self) {
        self.0.rung.notified().await;
    }

    /// What was told, once.
    pub fn take(&self) -> Option<Bell> {
        self.lock().take()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Bell>> {
        self.0.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn together(before: Bell, bell: Bell) -> Bell {
    let touched = match (before.touched, bell.touched) {
        (Some(before), Some(now)) => before.and(now),
        _ => None,
    };
    Bell {
        position: before.position.max(bell.position),
        touched,
    }
}

/// What is known of the entries after `from`, if something is: of all of them up to `to`.
pub fn since(bell: Option<Bell>, from: i64, generation: i64) -> Option<Touched> {
    let touched = bell?.touched?;
    let is_whole = touched.from <= from && touched.generation == generation;
    is_whole.then_some(touched)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bell(from: i64, to: i64) -> Bell {
        Bell {
            position: to,
            touched: Some(Touched {
                from,
                to,
                generation: 1,
                conversations: vec![to],
                ..Touched::default()
            }),
        }
    }

    fn told(bells: &[Bell], from: i64) -> Option<(i64, Vec<i64>)> {
        let news = News::default();
        for bell in bells {
            news.heard(bell.clone());
        }
        let touched = since(news.take(), from, 1);
        assert_eq!(news.take(), None, "once");
        touched.map(|touched| (touched.to, touched.conversations))
    }

    #[test]
    fn a_gap_is_news_for_everybody() {
        assert_eq!(told(&[], 0), None);
        assert_eq!(told(&[bell(0, 2), bell(2, 3)], 0), Some((3, vec![2, 3])));
        assert_eq!(told(&[bell(0, 2), bell(2, 3)], 1), Some((3, vec![2, 3])));
        assert_eq!(told(&[bell(1, 2)], 0), None, "the one before was lost");
        assert_eq!(told(&[bell(0, 2), bell(3, 4)], 0), None, "one between");
        let silent = Bell {
            position: 3,
            touched: None,
        };
        assert_eq!(told(&[bell(0, 2), silent.clone()], 0), None);
        assert_eq!(told(&[silent, bell(3, 4)], 3), None, "known only in part");
        assert_eq!(since(Some(bell(0, 2)), 0, 2), None, "of another build");
    }

    #[test]
    fn what_is_put_back_comes_before_what_was_heard_since() {
        let news = News::default();
        news.heard(bell(0, 5));
        let rest = news.take().expect("heard");
        news.heard(bell(5, 6));
        news.put_back(rest);
        let touched = since(news.take(), 3, 1).expect("without a gap");
        assert_eq!((touched.to, touched.conversations), (6, vec![5, 6]));
    }
}
