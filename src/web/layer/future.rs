use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use http::{Response, StatusCode};
use pin_project_lite::pin_project;
use tokio::time::Sleep;

use super::Refused;
use super::context::Context;
use super::service::Shared;

pin_project! {
    /// The answer of a [`Hardened`](super::Hardened) service: the inner service's, or a refusal.
    pub struct HardenedFuture<F> {
        #[pin]
        answer: Answer<F>,
        shared: Arc<Shared>,
        context: Context,
        // Most services answer at once and need no timer.
        timer: Option<Pin<Box<Sleep>>>,
    }
}

pin_project! {
    #[project = Projected]
    enum Answer<F> {
        Running { #[pin] future: F },
        Known { answer: Result<StatusCode, Refused> },
    }
}

impl<F> HardenedFuture<F> {
    pub(super) fn running(future: F, shared: Arc<Shared>, context: Context) -> Self {
        Self { answer: Answer::Running { future }, shared, context, timer: None }
    }

    /// For what is answered without the service: by a status alone, or by a refusal.
    pub(super) fn known(answer: Result<StatusCode, Refused>, shared: Arc<Shared>, context: Context) -> Self {
        Self { answer: Answer::Known { answer }, shared, context, timer: None }
    }
}

impl<F, A: Default, E> Future for HardenedFuture<F>
where
    F: Future<Output = Result<Response<A>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let settings = &this.shared.settings;
        let answer = match this.answer.project() {
            Projected::Known { answer } => *answer,
            // A future that has panicked is answered for, and not polled again.
            Projected::Running { future } => match catch_unwind(AssertUnwindSafe(|| future.poll(task))) {
                Ok(Poll::Ready(Ok(mut response))) => {
                    this.shared.prepared.finish(settings, this.context, &mut response);
                    return Poll::Ready(Ok(response));
                }
                Ok(Poll::Ready(Err(error))) => return Poll::Ready(Err(error)),
                Ok(Poll::Pending) => {
                    let timer =
                        this.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(settings.timeout)));
                    if timer.as_mut().poll(task).is_pending() {
                        return Poll::Pending;
                    }
                    Err(Refused::TimedOut)
                }
                Err(_) => Err(Refused::Panicked),
            },
        };
        let mut response = match answer {
            Ok(status) => {
                let mut response = Response::new(A::default());
                *response.status_mut() = status;
                response
            }
            Err(refused) => {
                this.shared.tell(this.context, refused);
                refused.response()
            }
        };
        this.shared.prepared.finish(settings, this.context, &mut response);
        Poll::Ready(Ok(response))
    }
}

impl<F> fmt::Debug for HardenedFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HardenedFuture").finish_non_exhaustive()
    }
}
