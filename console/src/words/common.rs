//! Words that every page has.

use super::words;

words! {
    skip_to_content = "Skip to the content", "Ir al contenido";
    navigation = "Pages", "Páginas";
    sign_out = "Sign out", "Salir";
    back_home = "Go to the first page", "Ir a la primera página";
    more = "More", "Más";
    signed_out_title = "You are signed out", "No ha accedido";
    forbidden_title = "This is not for you", "Esto no es para usted";
    not_found_title = "There is nothing here", "Aquí no hay nada";
    our_fault_title = "Something is wrong here", "Algo falla aquí";
    did_not_work_title = "That did not work", "No ha funcionado";
    live_off = "The page is not live at present.", "La página no se actualiza ahora.";
}
