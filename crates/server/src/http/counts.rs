//! What the front door counts of requests: how many, how long they took, and why they were refused.
//!
//! Of a request its route, method and status are kept, never a path, a name or an address. Counting takes no lock and no
//! memory, and is done in shares, one a thread (`sekisho_core::meter`): it stands on the path of every request.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

use axum::extract::MatchedPath;
use axum::response::Response;
use http::{Method, Request, StatusCode};
use sekisho_core::Refusal;
use sekisho_core::meter::{self, Buckets, Histogram, SHARES, TIMES};

use super::routes::Routes;

/// The methods that are told apart.
const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other"];

/// The status codes that are told apart, in ascending order; the others are counted as `other`.
const STATUSES: [u16; 36] = [
    200, 201, 202, 204, 206, 301, 302, 303, 304, 307, 308, 400, 401, 402, 403, 404, 405, 406, 408, 409, 410,
    412, 413, 414, 415, 422, 423, 425, 428, 429, 431, 500, 501, 502, 503, 504,
];

/// The counters of one front door.
pub(super) struct Counts {
    routes: Routes,
    /// One share a thread, made when a thread first counts: route by route, method by method, status by status.
    answers: [OnceLock<Box<[AtomicU64]>>; SHARES],
    /// By route.
    times: Box<[Histogram]>,
    /// In the order of the vocabulary.
    refusals: Box<[AtomicU64]>,
    abandoned: AtomicU64,
}

/// One request's place in the counters, from its beginning on.
pub(super) struct Counted {
    came: Instant,
    route: usize,
    method: usize,
}

/// What a front door counted of requests so far.
#[derive(Debug)]
pub struct Requests {
    /// Route, method, status and how many; only what has happened.
    pub answers: Vec<(String, &'static str, String, u64)>,
    /// How long the answers of each route took, in nanoseconds.
    pub times: Vec<(String, Buckets)>,
    /// Every reason, and how many requests were refused for it.
    pub refusals: Vec<(Refusal, u64)>,
    /// Requests whose client left before the answer.
    pub abandoned: u64,
}

impl Counts {
    /// Counters that tell these routes apart, also below this prefix.
    pub(super) fn new(templates: &'static [&'static str], root_path: &str) -> Counts {
        let routes = Routes::new(templates, root_path);
        Counts {
            answers: [const { OnceLock::new() }; SHARES],
            times: (0..routes.count()).map(|_| Histogram::new(TIMES)).collect(),
            refusals: Refusal::all().iter().map(|_| AtomicU64::new(0)).collect(),
            abandoned: AtomicU64::new(0),
            routes,
        }
    }

    /// A request has come.
    pub(super) fn begin<B>(&self, request: &Request<B>) -> Counted {
        Counted {
            came: Instant::now(),
            route: self.routes.of(request.uri().path()),
            method: method(request.method()),
        }
    }

    /// It has its answer.
    pub(super) fn end(&self, counted: &Counted, response: &Response) {
        let mut route = counted.route;
        if route == self.routes.unmatched()
            && let Some(own) = response.extensions().get::<MatchedPath>()
        {
            route = self.routes.of_own(own.as_str());
        }
        let share = self.answers[meter::share()].get_or_init(|| {
            (0..self.routes.count() * METHODS.len() * (STATUSES.len() + 1))
                .map(|_| AtomicU64::new(0))
                .collect()
        });
        share[place(route, counted.method, status(response.status()))].fetch_add(1, Relaxed);
        self.times[route].add_time(counted.came.elapsed());
        if let Some(refusal) = response.extensions().get::<Refusal>() {
            self.refused(*refusal);
        }
    }

    /// Something was refused.
    pub(super) fn refused(&self, refusal: Refusal) {
        self.refusals[refusal as usize].fetch_add(1, Relaxed);
    }

    /// A request's client left before the answer.
    pub(super) fn abandoned(&self) {
        self.abandoned.fetch_add(1, Relaxed);
    }

    /// What was counted so far.
    pub(super) fn read(&self) -> Requests {
        let load = |(refusal, count): (&Refusal, &AtomicU64)| (*refusal, count.load(Relaxed));
        let mut read = Requests {
            answers: Vec::new(),
            times: Vec::new(),
            refusals: Refusal::all().iter().zip(&self.refusals).map(load).collect(),
            abandoned: self.abandoned.load(Relaxed),
        };
        for route in 0..self.routes.count() {
            let Some(name) = self.routes.name(route) else { continue };
            for (method, method_name) in METHODS.iter().enumerate() {
                for status in 0..=STATUSES.len() {
                    let place = place(route, method, status);
                    let count =
                        self.answers.iter().filter_map(OnceLock::get).map(|cells| cells[place].load(Relaxed));
                    let count: u64 = count.sum();
                    if count > 0 {
                        let status = STATUSES.get(status).map_or("other".to_owned(), u16::to_string);
                        read.answers.push((name.clone(), method_name, status, count));
                    }
                }
            }
            read.times.push((name, self.times[route].read()));
        }
        read
    }
}

fn place(route: usize, method: usize, status: usize) -> usize {
    (route * METHODS.len() + method) * (STATUSES.len() + 1) + status
}

fn method(method: &Method) -> usize {
    match *method {
        Method::GET => 0,
        Method::HEAD => 1,
        Method::POST => 2,
        _ => METHODS.iter().position(|name| *name == method.as_str()).unwrap_or(METHODS.len() - 1),
    }
}

fn status(status: StatusCode) -> usize {
    STATUSES.binary_search(&status.as_u16()).unwrap_or(STATUSES.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_its_place() {
        assert!(Refusal::all().iter().enumerate().all(|(at, refusal)| *refusal as usize == at));
        assert!(STATUSES.is_sorted());
        let all = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
        assert!(all.iter().all(|known| METHODS[method(known)] == known.as_str()));
        assert_eq!(METHODS[method(&Method::from_bytes(b"tim").unwrap())], "other");
        assert_eq!(METHODS[method(&Method::TRACE)], "other");
        assert_eq!(status(StatusCode::from_u16(799).unwrap()), STATUSES.len());
    }

    #[test]
    fn what_threads_count_is_added_up() {
        let counts = Counts::new(&["/token"], "");
        let request = Request::post("/token").body(()).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for status in [200, 200, 429, 299] {
                        let mut response = Response::default();
                        *response.status_mut() = StatusCode::from_u16(status).unwrap();
                        if status == 429 {
                            response.extensions_mut().insert(Refusal::LogInsThrottled);
                        }
                        counts.end(&counts.begin(&request), &response);
                    }
                });
            }
        });
        let read = counts.read();
        let line = |status: &str, count| ("/token".to_owned(), "POST", status.to_owned(), count);
        assert_eq!(read.answers, [line("200", 8), line("429", 4), line("other", 4)]);
        assert_eq!((read.times[0].1.count(), read.times[1].1.count()), (16, 0));
        let refused: Vec<_> = read.refusals.iter().filter(|(_, count)| *count > 0).collect();
        assert_eq!(refused, [&(Refusal::LogInsThrottled, 4)]);
    }
}
