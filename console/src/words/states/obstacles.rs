//! Words on an agent's next step, and on obstacles to it. Chapter: goals.

use muster_domain::goals::home::{ObstacleKind, Step};

use super::{NOTHING, english, spanish};

english! {
    Step {
        GoOn: "Go on", "You have people in hand.", "Go on with them.";
        Claim: "Start", "People are waiting for you.", "Take the next ones.";
    }
    ObstacleKind {
        Draft: "Not launched", "An admin is still writing this goal.", NOTHING;
        Paused: "Paused", "An admin stopped the goal for now.", "Wait until it goes on.";
        NotOpen: "Not open yet", "The goal opens later.", "Come back then.";
        Closed: "Closed", "The goal's time is over.", "Answer what people wrote.";
        NoReminder: "No reminders", "This goal reminds nobody.", NOTHING;
        ReminderNotOpen: "Reminders come later", "The time for reminders is not there yet.", "Come back then.";
        ReminderOver: "Reminders are over", "The time for reminders has passed.", NOTHING;
        NoNumber: "No number", "You have no phone number to text from yet.", "Ask an admin to give you one.";
        Preparing: "Getting ready", "People are being lined up.", "Look again in a moment.";
        NextRelease: "More people later", "The next people are handed out later.", "Come back then.";
        OutsideHours: "Outside texting hours", "It is too early or too late to text.", "Come back when the hours open.";
        WithOthers: "With other texters", "Other texters have all who are left.", "Look again later.";
        NothingLeft: "All done", "Nobody is left for you here.", NOTHING;
    }
}

spanish! {
    Step {
        GoOn: "Continuar", "Tiene personas a su cargo.", "Continúe con ellas.";
        Claim: "Empezar", "Hay personas esperando.", "Tome las siguientes.";
    }
    ObstacleKind {
        Draft: "Sin publicar", "Un administrador aún prepara esta meta.", "No hay nada que hacer.";
        Paused: "En pausa", "Un administrador la detuvo por ahora.", "Espere a que continúe.";
        NotOpen: "Aún no abre", "La meta abre más tarde.", "Vuelva entonces.";
        Closed: "Cerrada", "El tiempo de la meta terminó.", "Responda lo que haya llegado.";
        NoReminder: "Sin recordatorios", "Esta meta no recuerda a nadie.", "No hay nada que hacer.";
        ReminderNotOpen: "Recordatorios más tarde", "Aún no es hora de los recordatorios.", "Vuelva entonces.";
        ReminderOver: "Recordatorios terminados", "Ya pasó la hora de los recordatorios.", "No hay nada que hacer.";
        NoNumber: "Sin número", "Aún no tiene un número para enviar mensajes.", "Pídale uno a un administrador.";
        Preparing: "Preparando", "Se está preparando la lista de personas.", "Mire otra vez en un momento.";
        NextRelease: "Más personas después", "Las siguientes personas se reparten más tarde.", "Vuelva entonces.";
        OutsideHours: "Fuera de horario", "Es demasiado temprano o tarde para escribir.",
            "Vuelva cuando empiece el horario.";
        WithOthers: "Con otros", "Otros tienen a las personas que quedan.", "Mire otra vez más tarde.";
        NothingLeft: "Todo listo", "No queda nadie para usted aquí.", "No hay nada que hacer.";
    }
}
