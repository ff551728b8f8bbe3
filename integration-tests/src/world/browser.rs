//! A browser as far as the console's server sees one: cookies, forms, no redirects that a test does
//! not follow, and no scripts.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use reqwest::{
    Method, RequestBuilder,
    header::{HeaderMap, SET_COOKIE},
    redirect::Policy,
};

use crate::World;

/// A tab of a browser.
#[derive(Debug, Clone)]
pub struct Browser {
    http: reqwest::Client,
    base: String,
    cookies: Arc<Mutex<BTreeMap<String, String>>>,
}

/// A page as it was answered.
#[derive(Debug, Clone)]
pub struct PageSeen {
    /// Method and path of the request.
    pub request: String,
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub text: String,
}

impl World {
    /// Opens a browser without cookies at the world's api.
    pub fn browser(&self) -> Browser {
        let http = reqwest::Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
        Browser { http, base: self.api().url().to_owned(), cookies: Arc::default() }
    }

    /// Opens a browser in which a member has signed in.
    pub async fn signed_in(&self, member_id: &str) -> Browser {
        let (session, _) = self.session(member_id, "full").await;
        let browser = self.browser();
        browser.set_cookie("__Host-muster", session.token().unwrap());
        browser
    }
}

impl Browser {
    /// Sets a cookie.
    pub fn set_cookie(&self, name: &str, value: &str) {
        self.cookies(|cookies| cookies.insert(name.to_owned(), value.to_owned()));
    }

    /// Returns a cookie.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies(|cookies| cookies.get(name).cloned())
    }

    fn cookies<T>(&self, with: impl FnOnce(&mut BTreeMap<String, String>) -> T) -> T {
        with(&mut self.cookies.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Opens a page, as if its address had been typed.
    pub async fn get(&self, path: &str) -> PageSeen {
        self.ask(self.request(Method::GET, path).header("sec-fetch-site", "none")).await
    }

    /// Returns a page with the parts that a browser with scripts asks for once it is there.
    ///
    /// # Panics
    ///
    /// With a page or a part that is not shown.
    pub async fn with_parts(&self, page: &PageSeen) -> PageSeen {
        let mut whole = page.clone();
        let parts = page.shown().split("class=\"later\" hx-get=\"").skip(1);
        for path in parts.filter_map(|rest| rest.split('"').next()) {
            let part = self.get(&path.replace("&#38;", "&")).await;
            whole.text.push_str(part.shown());
        }
        whole
    }

    /// Sends a form of a page of this origin.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> PageSeen {
        self.ask(self.form(path, fields).header("sec-fetch-site", "same-origin")).await
    }

    /// Sends a form as a script of a page of this origin does, which wants JSON.
    pub async fn script(&self, path: &str, fields: &[(&str, &str)]) -> PageSeen {
        let form = self.form(path, fields).header("sec-fetch-site", "same-origin");
        self.ask(form.header("accept", "application/json")).await
    }

    /// Returns a form that is not sent yet.
    pub fn form(&self, path: &str, fields: &[(&str, &str)]) -> RequestBuilder {
        let body = serde_urlencoded::to_string(fields).unwrap();
        self.request(Method::POST, path).header("content-type", "application/x-www-form-urlencoded").body(body)
    }

    /// Returns a request with the browser's cookies that is not sent yet.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let pairs: Vec<_> =
            self.cookies(|cookies| cookies.iter().map(|(name, value)| format!("{name}={value}")).collect());
        let request = self.http.request(method, format!("{}{path}", self.base)).header("user-agent", "Chromium");
        if pairs.is_empty() { request } else { request.header("cookie", pairs.join("; ")) }
    }

    /// Sends a request, and keeps the cookies of the answer.
    pub async fn ask(&self, request: RequestBuilder) -> PageSeen {
        let request = request.build().unwrap();
        let told = format!("{} {}", request.method(), request.url().path());
        let response = self.http.execute(request).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        for cookie in headers.get_all(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if cookie.contains("Max-Age=0") {
                self.cookies(|cookies| cookies.remove(name));
            } else {
                self.set_cookie(name, value);
            }
        }
        PageSeen { request: told, status, headers, text: response.text().await.unwrap() }
    }

    /// Goes where a form has led.
    pub async fn follow(&self, page: &PageSeen) -> PageSeen {
        self.get(&page.location()).await
    }
}

impl PageSeen {
    /// Returns a header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Returns the page that it leads to.
    ///
    /// # Panics
    ///
    /// With a page that leads nowhere.
    #[track_caller]
    pub fn location(&self) -> String {
        assert_eq!(self.status, 303, "{} answered {}: {}", self.request, self.status, self.text);
        self.header("location").to_owned()
    }

    /// Returns the page's text, of a page of HTML that is shown.
    ///
    /// # Panics
    ///
    /// With any other answer.
    #[track_caller]
    pub fn shown(&self) -> &str {
        assert_eq!(self.status, 200, "{} answered {}: {}", self.request, self.status, self.text);
        assert_eq!(self.header("content-type"), "text/html; charset=utf-8", "{}", self.request);
        &self.text
    }

    /// Judges that the page has these words.
    ///
    /// # Panics
    ///
    /// With a page that has not.
    #[track_caller]
    pub fn says(&self, words: &str) -> &Self {
        assert!(self.text.contains(words), "{} ({}) lacks {words:?}: {}", self.request, self.status, self.text);
        self
    }

    /// Returns the value of the first field of this name.
    ///
    /// # Panics
    ///
    /// With a page that has none.
    #[track_caller]
    pub fn field(&self, name: &str) -> String {
        let (_, rest) = self
            .text
            .split_once(&format!("name=\"{name}\" value=\""))
            .unwrap_or_else(|| panic!("{} has no field {name}: {}", self.request, self.text));
        rest.split('"').next().unwrap_or_default().to_owned()
    }
}
