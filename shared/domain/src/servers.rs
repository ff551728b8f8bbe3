//! A URL that names several servers: `scheme://user:password@one:5432,two:5432/path?query`, as
//! Postgres' own library writes it.

/// Returns a URL for each server that `url` names, in their order, with everything else of it. A
/// URL that names one server is returned as it is.
///
/// ```
/// let each = muster_domain::servers::each("amqp://user:secret@one:5672,two:5673/vhost");
/// assert_eq!(each, ["amqp://user:secret@one:5672/vhost", "amqp://user:secret@two:5673/vhost"]);
/// ```
pub fn each(url: &str) -> Vec<String> {
    let Some((scheme, rest)) = url.split_once("://") else { return vec![url.to_owned()] };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let (user, hosts) = match authority.rsplit_once('@') {
        Some((user, hosts)) => (format!("{user}@"), hosts),
        None => (String::new(), authority),
    };
    hosts.split(',').map(|host| format!("{scheme}://{user}{host}{path}")).collect()
}

#[cfg(test)]
mod tests {
    use super::each;

    #[test]
    fn one_server_is_left_as_it_is() {
        for url in ["postgres://u:p@host:5432/db?sslmode=require", "postgres:///db?host=/run", "file:/a,b", "", "x://h"]
        {
            assert_eq!(each(url), [url]);
        }
    }

    #[test]
    fn commas_beside_the_hosts_are_no_separators() {
        let url = "postgres://u,v:p,q@one,[::1]:2/d,b?options=a,b";
        assert_eq!(each(url), ["postgres://u,v:p,q@one/d,b?options=a,b", "postgres://u,v:p,q@[::1]:2/d,b?options=a,b"]);
    }
}
