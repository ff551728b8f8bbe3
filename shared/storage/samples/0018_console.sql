insert into figure_minute (at, due, done) values (date_trunc('minute', now()), '{"send": 1200}', '{"send": 300}');
