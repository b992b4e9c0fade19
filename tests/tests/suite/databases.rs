//! Databases of other makers, on their own: that the servers of these tests come and go as they should.

use tests::databases::{Product, Server, Sqlite};

#[test]
fn servers_start_forget_nothing_when_they_are_killed_and_freeze() {
    for product in [Product::Postgres, Product::Mariadb, Product::H2] {
        let Some(mut server) = Server::start(product).unwrap() else { continue };
        server.run("CREATE SCHEMA KEPT").unwrap();
        server.run("CREATE TABLE KEPT.T (A INT)").unwrap();
        server.run("INSERT INTO KEPT.T VALUES (42)").unwrap();
        server.run("SELEC 1").unwrap_err();
        server.freeze(true);
        server.freeze(false);
        server.restart().unwrap();
        assert!(server.run("SELECT A FROM KEPT.T").unwrap().contains("42"), "{product:?}");
    }
    let sqlite = Sqlite::new().unwrap();
    sqlite.run("CREATE TABLE T (A INT); INSERT INTO T VALUES (1)").unwrap();
    sqlite.run("SELEC 1").unwrap_err();
}
